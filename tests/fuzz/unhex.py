# SPDX-License-Identifier: Apache-2.0
"""Inputs that are no text are kept as hexadecimal digits: NAME.hex. Writes each
as bytes into another folder, in the place of what is in that.
Usage: unhex.py FROM TO"""
import pathlib
import shutil
import sys


def main(source, target):
    folder = pathlib.Path(target)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in pathlib.Path(source).glob("*.hex"):
        data = bytes.fromhex(path.read_text(encoding="ascii"))
        (folder / path.stem).write_bytes(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
