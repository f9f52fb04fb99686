"""Photos as telephones take them: with the place, the device and a comment."""

import io
import struct
import zlib
from pathlib import Path

from PIL import ExifTags, Image, ImageCms, ImageDraw

# In every photo, in what comes along with the picture.
CANARY = "Kanarienvogel"
RED, BLUE = (200, 30, 30), (20, 20, 220)
# As the sensor lies; held upright, the blue edge is at the top.
SIZE, UPRIGHT_SIZE = (96, 64), (64, 96)
# Taken at 52.5° N, 13.4° E by such a telephone and encoded by x265, which only this needs.
HEIC = Path(__file__).with_name("photo.heic").read_bytes()

# TIFF 6.0: what a picture cannot be read without, such as its width and its compression.
_LAYOUT_OF_TIFF = frozenset({256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 338})


def photo(kind: str, **options: object) -> bytes:
    """A picture that lies on its side and says so, with place and device."""
    image = Image.new("RGB", SIZE, RED)
    ImageDraw.Draw(image).rectangle((0, 0, 31, 63), fill=BLUE)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = CANARY
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.25)
    buffer = io.BytesIO()
    image.save(buffer, kind, exif=exif, **options)
    return buffer.getvalue()


def pages(kind: str, **options: object) -> bytes:
    """Three pictures in one file."""
    images = [Image.new("RGB", SIZE, (shade, 0, 0)) for shade in (10, 120, 240)]
    buffer = io.BytesIO()
    images[0].save(buffer, kind, save_all=True, append_images=images[1:], **options)
    return buffer.getvalue()


def told() -> Image.Exif:
    """What a telephone tells of itself."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = CANARY
    return exif


def huge(width: int, height: int) -> bytes:
    """A JPEG of so many pixels, red above and blue below, taken by a telephone."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (0, height // 2, width, height))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=told())
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG of a huge picture."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    lines = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def part(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", lines) + part(b"IEND", b"")


def colour_profile() -> bytes:
    """An ICC profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def opened(content: bytes) -> Image.Image:
    """The picture in a file."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def is_upright(image: Image.Image) -> bool:
    """Whether the blue edge is at the top."""
    pixel = image.convert("RGB").getpixel((32, 8))
    return image.size == UPRIGHT_SIZE and isinstance(pixel, tuple) and pixel[2] > pixel[0]


def has_nothing_else(content: bytes) -> bool:
    """Whether there is neither a place nor a device, profile or comment in a file."""
    image = opened(content)
    tags = {*image.getexif()} - _LAYOUT_OF_TIFF
    told = {*image.info} & {"exif", "xmp", "icc_profile", "comment", "photoshop", "XML:com.adobe.xmp"}
    return not tags and not told and CANARY.encode() not in content and b"Apfelfon" not in content
