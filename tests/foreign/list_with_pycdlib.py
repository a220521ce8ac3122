"""Lists an image with pycdlib: list_with_pycdlib.py IMAGE rock|joliet|plain [digest]

Prints for every path but the root a record of tab-separated columns and the path, then the link's target, each with a
NUL behind: type (as find's %y, `?` for none), mode in octal, uid, gid, links, size, time, device (MAJOR,MINOR), SHA-256.
What is not known is `-`.

Names are bytes to the format and text to pycdlib's functions that take paths, so the records are walked instead.
"""
import calendar
import hashlib
import sys

import pycdlib
import pycdlib.pycdlibio

TYPES = {0o040000: "d", 0o100000: "f", 0o120000: "l", 0o010000: "p", 0o140000: "s", 0o020000: "c", 0o060000: "b"}


def seconds(date):
    if hasattr(date, "years_since_1900"):
        year, second = 1900 + date.years_since_1900, date.second
        month, day, hour, minute = date.month, date.day_of_month, date.hour, date.minute
    else:  # the form of 17 bytes
        year, month, day, hour, minute, second = (
            date.year, date.month, date.dayofmonth, date.hour, date.minute, date.second)
    whole = calendar.timegm((year, month, day, hour, minute, second)) - date.gmtoffset * 15 * 60
    return "%d.%02d" % (whole, getattr(date, "hundredthsofsecond", 0))


def either(rock_ridge, name):
    """An entry from the record or from its continuation area."""
    return getattr(rock_ridge.dr_entries, name) or getattr(rock_ridge.ce_entries, name)


def describe(record):
    columns = {"type": "d" if record.is_dir() else "f", "time": seconds(record.date)}
    name = record.file_identifier()
    target = b""
    rock_ridge = record.rock_ridge
    if rock_ridge is not None:
        name = rock_ridge.name()
        px, tf, pn = either(rock_ridge, "px_record"), either(rock_ridge, "tf_record"), either(rock_ridge, "pn_record")
        columns["type"] = TYPES.get(px.posix_file_mode & 0o170000, "?")
        columns["mode"] = "%o" % (px.posix_file_mode & 0o7777)
        columns.update(uid=px.posix_user_id, gid=px.posix_group_id, links=px.posix_file_links)
        if tf is not None and tf.modification_time is not None:
            columns["time"] = seconds(tf.modification_time)
        if pn is not None:
            columns["device"] = "%d,%d" % (pn.dev_t_high, pn.dev_t_low)
        if rock_ridge.is_symlink():
            target = rock_ridge.symlink_path()
    return name, target, columns


def content(record, columns, digest):
    size, sha256 = 0, hashlib.sha256()
    while record is not None:
        size += record.data_length
        if digest and record.inode is not None:
            with pycdlib.pycdlibio.PyCdlibIO(record.inode, 2048) as file:
                while True:
                    part = file.read(1 << 20)
                    if not part:
                        break
                    sha256.update(part)
        record = record.data_continuation
    columns["size"] = size
    if digest:
        columns["sha256"] = sha256.hexdigest()


def main():
    path, tree, digest = sys.argv[1], sys.argv[2], "digest" in sys.argv[3:]
    iso = pycdlib.PyCdlib()
    iso.open(path)
    volume = iso.joliet_vd if tree == "joliet" else iso.pvd
    if volume is None:
        sys.exit("no such tree")
    waiting = [(b"", volume.root_directory_record())]
    out = sys.stdout.buffer
    while waiting:
        above, directory = waiting.pop()
        # The later records of a file of several extents may stand before the first one.
        continues = {id(record.data_continuation) for record in directory.children}
        for record in directory.children:
            if record.is_dot() or record.is_dotdot() or id(record) in continues:
                continue
            if tree == "rock":
                name, target, columns = describe(record)
            else:
                name, target = record.file_identifier(), b""
                if tree == "joliet":
                    name = name.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")
                columns = {"type": "d" if record.is_dir() else "f", "time": seconds(record.date)}
            if columns["type"] == "f":
                content(record, columns, digest)
            place = above + b"/" + name if above else name
            if record.is_dir():
                waiting.append((place, record))
            keys = ("type", "mode", "uid", "gid", "links", "size", "time", "device", "sha256")
            text = "\t".join(str(columns.get(key, "-")) for key in keys)
            out.write(text.encode() + b"\t" + place + b"\0" + target + b"\0")


main()
