"""The whole chain over HTTP, stage by stage, each asserted: `python -m scripts.headless.drive`.

Prints one line a stage with its figures; the exit code is not zero at the first stage that is not what it should be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from scripts.headless import stages
from scripts.headless.chain import Chain
from scripts.headless.site import SiteProcess


def main() -> int:
    """Run all stages on a fresh site."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--keep", type=Path, help="keep the site's data in this folder")
    chosen = arguments.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="exam-engine-headless-") as scratch:
        data = chosen.keep or Path(scratch)
        data.mkdir(parents=True, exist_ok=True)
        site = SiteProcess(data)
        try:
            failed = _run(Chain(site))
        finally:
            code = site.stop()
    if code and not failed:
        print(f"the site ended with code {code}")
        failed = True
    foreign = sorted({name.partition(".")[0] for name in sys.modules} & {"itembank", "exam_engine", "web"})
    if foreign:
        print(f"the driver imported {foreign}")
        failed = True
    print(f"{'FAILED' if failed else 'done'} in {time.monotonic() - begun:.1f} s")
    return 1 if failed else 0


def _run(chain: Chain) -> bool:
    for number, stage in enumerate(stages.STAGES, 1):
        begun = time.monotonic()
        title = (stage.__doc__ or stage.__name__).splitlines()[0].rstrip(".")
        try:
            figures = stage(chain)
        except Exception as error:
            print(f"{number:02d} {title}: FAILED: {error}")
            if not isinstance(error, AssertionError):
                traceback.print_exc()
            return True
        print(f"{number:02d} {title}: {figures} ({time.monotonic() - begun:.1f} s)", flush=True)
    return False


if __name__ == "__main__":
    sys.exit(main())
