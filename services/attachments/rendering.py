"""Makes a rendition of one photo: the picture and nothing else. A program of its own.

The photo comes on stdin; on stdout go the rendition's media type and size in a line, and then its bytes.
A photo that cannot be rendered, for whatever reason, ends the program with another status than 0. It imports
nothing of ours and writes no file: what is wrong with a decoder happens here, given no key or address,
and with bounded memory and time, though as the same user as its parent.
"""

import io
import os
import resource
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

# A picture of 50 megapixels takes 150 MB, and up to three times that on its way.
_MOST_PIXELS = 50_000_000
_MOST_PAGES = 100
_MEMORY = 1024 * 1024 * 1024
_SECONDS = 20
_FILES = 64
_QUALITY = 92
# More than that takes a photo several times as long and makes it hardly smaller.
_PNG_EFFORT = 3
_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "HEIF")
# Two pictures for one: cameras append previews, brightness or depth to a JPEG.
_AS_JPEG = frozenset({"JPEG", "MPO", "HEIF"})
_MODES = frozenset({"1", "L", "LA", "RGB", "RGBA"})
_CONVERTED_MODES = frozenset({"P", "PA", "CMYK", "YCbCr"})
# Raw photos of cameras are TIFF files whose first page is a small preview.
_TIFF_SUB_PAGES = 330
_TIFF_DNG_VERSION = 50706


class NotRenderable(Exception):
    """The photo is too large, or none of the kinds whose picture is all that matters."""


def limit_resources() -> None:
    """Let the system end this process where it takes more than a photo can need."""
    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    os.nice(10)


def render(photo: bytes) -> tuple[str, bytes]:
    """The media type and the bytes of the rendition; raises whatever keeps the photo from having one."""
    import pi_heif
    from PIL import Image

    pi_heif.options.DECODE_THREADS = 1
    pi_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(io.BytesIO(photo), formats=_FORMATS) as image:
        pages = [_plain(page) for page in _pages(image)]
        return _saved(pages, str(image.format))


def _pages(image: "Image.Image") -> "Iterator[Image.Image]":
    """The pictures that belong into the rendition."""
    count = getattr(image, "n_frames", 1)
    if image.format == "MPO" or count == 1:
        _check_raw(image)
        yield image
        return
    if image.format != "TIFF" or count > _MOST_PAGES:
        raise NotRenderable
    pixels = 0
    for index in range(count):
        image.seek(index)
        _check_raw(image)
        pixels += image.width * image.height
        if pixels > _MOST_PIXELS:
            raise NotRenderable
        yield image


def _check_raw(image: "Image.Image") -> None:
    tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
    if _TIFF_SUB_PAGES in tags or _TIFF_DNG_VERSION in tags:
        raise NotRenderable


def _plain(image: "Image.Image") -> "Image.Image":
    """A new picture of the same pixels, upright and in sRGB, that has none of what came along."""
    from PIL import Image, ImageOps

    if image.width * image.height > _MOST_PIXELS or image.mode not in _MODES | _CONVERTED_MODES:
        raise NotRenderable
    profile = image.info.get("icc_profile")
    picture = _in_srgb(ImageOps.exif_transpose(image), profile)
    if "transparency" in picture.info or picture.mode == "PA":
        picture = picture.convert("RGBA")
    elif picture.mode not in _MODES:
        picture = picture.convert("RGB")
    plain = Image.new(picture.mode, picture.size)
    plain.paste(picture)
    return plain


def _in_srgb(image: "Image.Image", profile: object) -> "Image.Image":
    """The picture with the colours that its profile means, since the profile does not stay."""
    from PIL import ImageCms

    if not isinstance(profile, bytes) or image.mode not in {"RGB", "CMYK"}:
        return image
    try:
        meant, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, meant, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return converted or image


def _saved(pages: "list[Image.Image]", kind: str) -> tuple[str, bytes]:
    first, rest = pages[0], pages[1:]
    buffer = io.BytesIO()
    if kind in _AS_JPEG:
        opaque = first if first.mode in {"L", "RGB"} else first.convert("RGB")
        opaque.save(buffer, "JPEG", quality=_QUALITY)
        return "image/jpeg", buffer.getvalue()
    if kind == "TIFF":
        first.save(buffer, "TIFF", compression="tiff_deflate", save_all=True, append_images=rest)
    elif kind == "WEBP":
        first.save(buffer, "WEBP", quality=_QUALITY)
    else:
        first.save(buffer, kind, compress_level=_PNG_EFFORT)
    return f"image/{kind.lower()}", buffer.getvalue()


def main() -> None:
    """Render what comes."""
    limit_resources()
    media_type, rendition = render(sys.stdin.buffer.read())
    sys.stdout.buffer.write(f"{media_type} {len(rendition)}\n".encode())
    sys.stdout.buffer.write(rendition)


if __name__ == "__main__":
    main()
