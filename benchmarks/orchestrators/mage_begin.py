"""Run by Mage's Python: makes the database that Mage's server makes when it is started."""

import os
import sys

os.chdir(sys.argv[1])

from mage_ai.settings.repo import set_repo_path  # noqa: E402

set_repo_path(sys.argv[1])

from mage_ai.orchestration.db.database_manager import database_manager  # noqa: E402

database_manager.run_migrations()
