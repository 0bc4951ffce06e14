"""What the taxonomy can be asked to do."""

from itembank.taxonomy.rules import occupation_code
from itembank.taxonomy.service.occupations import (
    OccupationExists,
    OccupationUnknown,
    add_occupation,
    find_occupation,
    list_occupations,
    list_work_types,
    occupation_by_code,
    seed_occupations,
)
from itembank.taxonomy.service.outlines import (
    OutlineExists,
    OutlineMissing,
    find_outline,
    import_outline,
    list_outlines,
    outline_in_use,
    set_outline_status,
    weight_table,
)
from itembank.taxonomy.service.tree import (
    NodeView,
    OutlineTree,
    PointAmbiguous,
    PointUnknown,
    PointView,
    find_point,
    find_subtree,
    outline_tree,
    point_views,
)

__all__ = [
    "NodeView",
    "OccupationExists",
    "OccupationUnknown",
    "OutlineExists",
    "OutlineMissing",
    "OutlineTree",
    "PointAmbiguous",
    "PointUnknown",
    "PointView",
    "add_occupation",
    "find_occupation",
    "find_outline",
    "find_point",
    "find_subtree",
    "import_outline",
    "list_occupations",
    "list_outlines",
    "list_work_types",
    "occupation_by_code",
    "occupation_code",
    "outline_in_use",
    "outline_tree",
    "point_views",
    "seed_occupations",
    "set_outline_status",
    "weight_table",
]
