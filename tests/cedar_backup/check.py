"""Cedar Backup's own checks, its functions with its configuration: the label (check_media), and the contents of days that were
kept as they were (check_data). Arguments: the days, of November 2026."""

import sys

from CedarBackup3.actions.store import consistencyCheck
from CedarBackup3.actions.util import checkMediaState
from CedarBackup3.cli import setupPathResolver
from CedarBackup3.config import Config

config = Config(xmlPath="/tmp/cback3.conf")
setupPathResolver(config)
checkMediaState(config.store)
consistencyCheck(config, {f"/tmp/kept/2026/11/{day}": f"2026/11/{day}" for day in sys.argv[1:]})
