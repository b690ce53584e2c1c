"""What an expression leaves of the values it is given, as a table. What is not in it leaves all of them: nothing is assumed
to be safe because it is not known."""

from collections.abc import Mapping

from sqlglot import exp

from jusante.core.form import Form

_TESTS = (
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.Is,
    exp.In,
    exp.Between,
)
_PATTERNS = (exp.Like, exp.ILike, exp.SimilarTo, exp.Glob, exp.RegexpLike, exp.RegexpILike, exp.RegexpFullMatch)
_SEARCHES = (exp.StartsWith, exp.EndsWith, exp.Contains, exp.StrPosition, exp.ArrayContains, exp.ArrayOverlaps)
_MEASURES = (
    exp.Length,
    exp.BitLength,
    exp.ArraySize,
    exp.Levenshtein,
    exp.JarowinklerSimilarity,
    exp.IsNan,
    exp.Typeof,
)
_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.RegrCount)
_SUMS = (exp.Sum, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop)
_STATISTICS = (exp.Corr, exp.CovarPop, exp.CovarSamp, exp.RegrSlope, exp.RegrIntercept, exp.RegrR2, exp.Skewness)
_HASHES = (exp.MD5, exp.MD5Digest, exp.MD5NumberLower64, exp.MD5NumberUpper64, exp.SHA, exp.SHA1Digest, exp.SHA2)
_PARTS = (exp.Substring, exp.Left, exp.Right, exp.SplitPart, exp.RegexpExtract, exp.RegexpReplace, exp.Ascii)
_PARTS_OF_TIMES = (
    exp.Month,
    exp.Quarter,
    exp.Day,
    exp.DayOfWeek,
    exp.DayOfMonth,
    exp.WeekOfYear,
    exp.DayOfYear,
    exp.LastDay,
)
_PARTS_OF_NUMBERS = (exp.Mod, exp.IntDiv, exp.Round, exp.Floor, exp.Ceil, exp.Trunc, exp.Sign)

_OF_CLASSES: Mapping[Form, tuple[type[exp.Expr], ...]] = {
    "part": (*_PARTS, *_PARTS_OF_TIMES, *_PARTS_OF_NUMBERS),
    "hashed": _HASHES,
    "generalised": (exp.Year,),
    "inferred": (*_TESTS, *_PATTERNS, *_SEARCHES, *_MEASURES),
    "aggregate": (*_SUMS, *_STATISTICS),
    "counted": _COUNTS,
}
BY_CLASS: Mapping[type[exp.Expr], Form] = {kind: form for form, kinds in _OF_CLASSES.items() for kind in kinds}
_OF_NAMES: Mapping[Form, str] = {
    "part": "ord soundex weekday",
    "hashed": "hash md5_number md5_number_lower md5_number_upper sha1 sha256 sha512 crypto_hash xxhash64 murmurhash",
    "pseudonymous": "crypto_hmac hmac",
    "generalised": "decade century millennium",
    "inferred": (
        "strlen octet_length prefix suffix list_position array_position list_has_all array_has_all cardinality list_unique "
        "json_array_length json_valid json_exists isfinite isinf hamming jaccard damerau_levenshtein jaro_similarity isnull"
    ),
    "aggregate": "mean fsum favg kahan_sum sumkahan kurtosis_pop sem entropy geomean geometric_mean",
    "counted": "count_star",
}
BY_NAME: Mapping[str, Form] = {name: form for form, names in _OF_NAMES.items() for name in names.split()}
COARSE = frozenset({"YEAR", "YEARS", "ISOYEAR", "DECADE", "DECADES", "CENTURY", "CENTURIES", "MILLENNIUM", "MILLENNIA"})
"""The parts of a time that many people share. A month or a day may be put together again with them."""
_UNIT_FIRST = {"date_part", "datepart", "date_sub", "datesub", "date_diff", "datediff"}
_AROUND = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup, exp.Order)


def form_of(node: exp.Expr) -> Form:
    """What is left, in the value of an expression, of the values that its parts have."""
    match node:
        case exp.TimestampTrunc() | exp.DateTrunc() | exp.DateDiff() | exp.TimestampDiff():
            return _by_unit(node.args.get("unit"))
        case exp.Extract():
            return _by_unit(node.this)
        case exp.Anonymous():
            return _by_name(node)
    form = BY_CLASS.get(type(node), "whole")
    return "whole" if form == "aggregate" and _in_window(node) else form


def _by_name(node: exp.Anonymous) -> Form:
    name = node.name.lower()
    if name in _UNIT_FIRST and node.expressions:
        return _by_unit(node.expressions[0])
    form = BY_NAME.get(name, "whole")
    return "whole" if form == "aggregate" and _in_window(node) else form


def _by_unit(unit: exp.Expr | None) -> Form:
    if not isinstance(unit, exp.Var | exp.Literal):
        return "whole"
    return "generalised" if unit.name.upper() in COARSE else "part"


def _in_window(node: exp.Expr) -> bool:
    """Whether a sum is one over a window, which may hold a single row."""
    above = node.parent
    while isinstance(above, _AROUND):
        above = above.parent
    return isinstance(above, exp.Window)
