"""Parameter files → the space of a study: TOML table, PCS (old and new form), ConfigSpace JSON."""

from boxwright.space import light_import  # noqa: F401  before all that imports ConfigSpace
from boxwright.space.distributions import Distribution
from boxwright.space.domain import Domain
from boxwright.space.json_form import space_from_json, space_to_json
from boxwright.space.model import Space, plain_config
from boxwright.space.table import load_space

__all__ = ["Distribution", "Domain", "Space", "load_space", "plain_config", "space_from_json", "space_to_json"]
