"""Makes a rendition of one photo: the picture and nothing else. A program of its own.

The photo comes on stdin; on stdout go the rendition's media type and size in a line, and then its bytes.
A photo that cannot be rendered, for whatever reason, ends the program with another status than 0. It reads
nothing before it is confined: what is wrong with a decoder happens here, given no key, address, file or
socket, and with bounded memory and time.
"""

import io
import os
import resource
import sys
from collections.abc import Iterator

import pi_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from services.attachments.confinement import confine

# All that decodes: nothing can be loaded once the process is confined.
_DECODERS = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
# 65 megapixels in colour, as telephones' panoramas have, or 260 in grey; up to three times that on its way.
_MOST_BYTES = 260_000_000
_MOST_PAGES = 1000
_MEMORY = 1024 * 1024 * 1024
_SECONDS = 20
_FILES = 64
_QUALITY = 92
# More than that takes a photo several times as long and makes it hardly smaller.
_PNG_EFFORT = 3
_MOVING_WEBP_EFFORT = 1
_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF", "GIF", "BMP")
# Two pictures for one: cameras append previews, brightness or depth to a JPEG.
_JPEGS = frozenset({"JPEG", "MPO"})
_MOVING = frozenset({"GIF", "PNG", "WEBP"})
_RENDITIONS = {"MPO": "JPEG", "HEIF": "JPEG", "AVIF": "JPEG", "BMP": "PNG"}
_SMALL_MODES = frozenset({"1", "L"})
_MODES = frozenset({"1", "L", "LA", "RGB", "RGBA", "I;16"})
_CONVERTED_MODES = frozenset({"P", "PA", "CMYK", "YCbCr", "RGBX", "I;16B"})
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


def load_decoders() -> None:
    """Let every decoder work in this thread, and leave it to us how large a picture may be."""
    pi_heif.options.DECODE_THREADS = 1
    pi_heif.register_heif_opener()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None


def render(photo: bytes) -> tuple[str, bytes]:
    """The media type and the bytes of the rendition; raises whatever keeps the photo from having one."""
    with Image.open(io.BytesIO(photo), formats=_FORMATS) as image:
        return _saved(image)


def _saved(image: Image.Image) -> tuple[str, bytes]:
    kind, buffer = _RENDITIONS.get(str(image.format), str(image.format)), io.BytesIO()
    if image.format in _MOVING and getattr(image, "n_frames", 1) > 1:
        _save_moving(image, kind, buffer)
    elif kind == "JPEG":
        picture = _plain(_reduced(image))
        opaque = picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")
        opaque.save(buffer, "JPEG", quality=_QUALITY)
    elif kind == "TIFF":
        first, *rest = [_plain(page) for page in _pages(image)]
        first.save(buffer, "TIFF", compression="tiff_deflate", save_all=True, append_images=rest)
    elif kind == "WEBP":
        _plain(image).save(buffer, "WEBP", quality=_QUALITY)
    else:
        _plain(image).save(buffer, kind, compress_level=_PNG_EFFORT)
    return f"image/{kind.lower()}", buffer.getvalue()


def _save_moving(image: Image.Image, kind: str, buffer: io.BytesIO) -> None:
    """What moves stays moving, as fast and as often as before."""
    frames, durations = [], []
    for frame in _pages(image):
        frames.append(_plain(frame).convert("RGBA"))
        durations.append(int(frame.info.get("duration", 100)))
    options = {name: int(image.info[name]) for name in ("loop",) if name in image.info}
    frames[0].save(
        buffer,
        kind,
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        quality=_QUALITY,
        method=_MOVING_WEBP_EFFORT,
        compress_level=_PNG_EFFORT,
        **options,
    )


def _pages(image: Image.Image) -> Iterator[Image.Image]:
    """Each picture of a file, as long as they are not too many."""
    count, size = getattr(image, "n_frames", 1), 0
    if count > _MOST_PAGES:
        raise NotRenderable
    for index in range(count):
        image.seek(index)
        size += _size(image)
        if size > _MOST_BYTES:
            raise NotRenderable
        yield image


def _size(image: Image.Image) -> int:
    """How many bytes the picture will take."""
    return image.width * image.height * (1 if image.mode in _SMALL_MODES else 4)


def _reduced(image: Image.Image) -> Image.Image:
    """The picture; of a JPEG that is too large a half, a fourth or an eighth, which alone is decoded."""
    if image.format in _JPEGS:
        parts = (part for part in (1, 2, 4, 8) if _size(image) <= _MOST_BYTES * part * part)
        part = next(parts, 8)
        image.draft(None, (image.width // part, image.height // part))
    return image


def _check(image: Image.Image) -> None:
    """Refuses a picture before any of it is decoded."""
    tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
    if _TIFF_SUB_PAGES in tags or _TIFF_DNG_VERSION in tags:
        raise NotRenderable
    if _size(image) > _MOST_BYTES or image.mode not in _MODES | _CONVERTED_MODES:
        raise NotRenderable


def _plain(image: Image.Image) -> Image.Image:
    """A new picture of the same pixels, upright and in sRGB, that has none of what came along."""
    _check(image)
    profile = image.info.get("icc_profile")
    picture = _in_srgb(ImageOps.exif_transpose(image), profile)
    if "transparency" in picture.info or picture.mode == "PA":
        picture = picture.convert("RGBA")
    elif picture.mode == "I;16B":
        picture = picture.convert("I;16")
    elif picture.mode not in _MODES:
        picture = picture.convert("RGB")
    plain = Image.new(picture.mode, picture.size)
    plain.paste(picture)
    return plain


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """The picture with the colours that its profile means, since the profile does not stay."""
    if not isinstance(profile, bytes) or image.mode not in {"RGB", "CMYK"}:
        return image
    try:
        meant, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, meant, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return converted or image


def main(*, only_confine: bool) -> int:
    """Render what comes; whether the kernel confines such a process says the status where that is all."""
    limit_resources()
    load_decoders()
    confined = confine()
    if only_confine:
        return 0 if confined else 1
    media_type, rendition = render(sys.stdin.buffer.read())
    sys.stdout.buffer.write(f"{media_type} {len(rendition)}\n".encode())
    sys.stdout.buffer.write(rendition)
    return 0
