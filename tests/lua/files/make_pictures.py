# Writes pillow_*.jpg, pillow_*.png and what Pillow reads from them, as bytes [H, W, C] in pillow_*.raw.
#     python3 make_pictures.py      (Pillow)
import math
import random
from PIL import Image

random.seed(5)


def picture(mode, width, height):
    channels = len(Image.new(mode, (1, 1)).getbands())
    image = Image.new(mode, (width, height))
    for y in range(height):
        for x in range(width):
            v = [
                max(0, min(255, int(128 + 90 * math.sin(x / (4 + c) + c) + 30 * math.cos(y / 5 - c) + random.gauss(0, 9))))
                for c in range(channels)
            ]
            image.putpixel((x, y), v[0] if channels == 1 else tuple(v))
    return image


def save(name, image, **options):
    image.save(name, **options)
    with open(name.rsplit(".", 1)[0] + ".raw", "wb") as raw:
        raw.write(Image.open(name).tobytes())


save("pillow_gray.jpg", picture("L", 37, 29), quality=75)
save("pillow_half.jpg", picture("RGB", 37, 29), quality=80, subsampling="4:2:0")
save("pillow_progressive.jpg", picture("RGB", 40, 17), quality=92, subsampling="4:4:4", progressive=True)
save("pillow_rgba.png", picture("RGBA", 23, 19))
save("pillow_gray8.png", picture("L", 23, 19))
save("pillow_pairs.png", picture("LA", 20, 21), optimize=True)
