namespace Sidecar.LoadGen.Reports;

/// <summary>What a run came to, free of any format.</summary>
/// <param name="Title">One line.</param>
/// <param name="Facts">What one must know to repeat it.</param>
/// <param name="Checks">What was asked of it.</param>
/// <param name="Tables">Figures.</param>
/// <param name="Charts">Curves; formats without pictures leave them out.</param>
/// <param name="Void">Null, or why nothing here may be used.</param>
public sealed record Report(
    string Title, IReadOnlyList<KeyValuePair<string, string>> Facts, IReadOnlyList<Check> Checks, IReadOnlyList<Table> Tables, IReadOnlyList<Chart> Charts, string? Void = null)
{
    /// <summary>Was everything met that was asked?</summary>
    public bool IsMet => Void is null && Checks.All(check => check.IsMet);
}

/// <summary>Something asked of a run.</summary>
public sealed record Check(string What, string Wanted, string Measured, bool IsMet);

/// <summary>Rows under headings; numbers carry full precision here and are rounded by the format.</summary>
public sealed record Table(string Name, IReadOnlyList<string> Columns, IReadOnlyList<Row> Rows);

/// <summary>A row: its name and a number per further column; null is an empty cell.</summary>
public sealed record Row(string Name, IReadOnlyList<double?> Values);

/// <summary>Curves over one axis.</summary>
/// <param name="Name">Heading.</param>
/// <param name="X">What the horizontal axis is.</param>
/// <param name="Y">What the vertical axis is.</param>
/// <param name="IsTail">The horizontal axis holds percentiles, drawn so that each nine takes the same width.</param>
/// <param name="Curves">What is drawn.</param>
public sealed record Chart(string Name, string X, string Y, bool IsTail, IReadOnlyList<Curve> Curves);

/// <summary>One curve.</summary>
public sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points);
