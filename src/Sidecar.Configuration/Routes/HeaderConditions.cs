using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Routes;

/// <summary>Two conditions on headers against each other.</summary>
internal static class HeaderConditions
{
    /// <summary>Do they say the same?</summary>
    public static bool AreSame(HeaderMatchConfiguration left, HeaderMatchConfiguration right) =>
        IsSameName(left, right) && left.Mode == right.Mode && HaveSameValues(left, right);

    /// <summary>Can no request meet both? False where that cannot be decided.</summary>
    public static bool AreDisjoint(HeaderMatchConfiguration left, HeaderMatchConfiguration right) =>
        IsSameName(left, right) && (left.Mode, right.Mode) switch
        {
            ("notExists", not ("notExists" or "notContains")) => true,
            (not ("notExists" or "notContains"), "notExists") => true,
            ("exactHeader", "exactHeader") => !left.Values.Intersect(right.Values, Comparer(left, right)).Any(),
            ("contains", "notContains") or ("notContains", "contains") => HaveSameValues(left, right),
            _ => false,
        };

    private static bool IsSameName(HeaderMatchConfiguration left, HeaderMatchConfiguration right) =>
        left.Name.Equals(right.Name, StringComparison.OrdinalIgnoreCase);

    private static bool HaveSameValues(HeaderMatchConfiguration left, HeaderMatchConfiguration right) =>
        left.IsCaseSensitive == right.IsCaseSensitive && left.Values.Order(StringComparer.Ordinal).SequenceEqual(right.Values.Order(StringComparer.Ordinal));

    // Values that differ in case only can both be meant by one header, unless both sides look at the case.
    private static StringComparer Comparer(HeaderMatchConfiguration left, HeaderMatchConfiguration right) =>
        left.IsCaseSensitive && right.IsCaseSensitive ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;
}
