#!/usr/bin/env python3
"""Checks that each layer of include/kerb includes only the layers and standard headers that layers.txt allows."""
import fnmatch
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent / "include" / "kerb"
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def rules():
    layers, extra = {}, {}
    for line in (HERE / "layers.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, _, rest = line.partition(":")
        words = rest.split()
        if words[:1] == ["+"]:
            extra[name.strip()] = words[1:]
        else:
            layers[name.strip()] = words
    return layers, layers.pop("std"), layers.pop("asked"), extra


def buffer_of(path):
    return path.parts[0] if len(path.parts) > 1 else "top"


def check(path, layers, std, asked, extra):
    """Messages about one header; `path` is relative to include/kerb."""
    layer, text = buffer_of(path), (ROOT / path).read_text()
    if layer not in layers:
        yield f"layer '{layer}' is unknown: give it a line in tests/checks/layers.txt, and in include/kerb/README.md"
        return
    for quoted, angle in INCLUDE.findall(text):
        if angle.startswith("kerb/"):
            yield f'<{angle}>: inside the library include by relative path, "{angle[5:]}" seen from this file'
        elif angle:
            if angle not in std and not any(fnmatch.fnmatch(angle, p) for p in extra.get(path.as_posix(), [])):
                yield (f"<{angle}> is not on the std line of tests/checks/layers.txt: the library reads no clock, "
                       "allocates nothing and does no I/O; find another way, or argue for the header there")
        else:
            target = (ROOT / path.parent / quoted).resolve()
            if not target.is_file() or ROOT not in target.parents:
                yield f'"{quoted}" is no file of include/kerb'
                continue
            to = target.relative_to(ROOT)
            if to.as_posix() in asked:
                yield f'"{quoted}" is for programs that ask for it by name: no header includes it'
                continue
            there, may = buffer_of(to), layers.get(path.as_posix(), layers[layer])
            if there == "testing" and layer != "testing":
                yield f'"{quoted}": nothing includes testing; move what you need into the layer that owns it'
            elif to.as_posix() in extra and path.as_posix() not in extra and layer not in ("top", "testing"):
                yield f'"{quoted}": a crypto library enters only where the program chooses it; take a policy instead'
            elif there != layer and "everything" not in may and there not in may:
                allowed = " ".join(may) or "nothing"
                who = path if path.as_posix() in layers else layer
                yield f'"{quoted}": {who} may include {allowed}; move the code, or change the layers on purpose'


def main():
    layers, std, asked, extra = rules()
    headers = sorted(p.relative_to(ROOT) for p in ROOT.rglob("*.hpp"))
    if not any(INCLUDE.search((ROOT / h).read_text()) for h in headers):
        print(f"no header in {ROOT} includes anything: nothing was checked")
        return 1
    bad = [f"include/kerb/{h}: {m}" for h in headers for m in check(h, layers, std, asked, extra)]
    print("\n".join(bad) if bad else f"{len(headers)} headers include only what their layer may")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
