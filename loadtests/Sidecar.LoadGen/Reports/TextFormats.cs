using System.Globalization;
using System.Text;

namespace Sidecar.LoadGen.Reports;

/// <summary>Reports as text, Markdown and CSV.</summary>
public static class TextFormats
{
    /// <summary>For a terminal.</summary>
    public static string Text(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder().AppendLine(report.Title);
        foreach (var (name, value) in report.Facts)
        {
            text.Append("  ").Append(name).Append(": ").AppendLine(value);
        }

        if (report.Void is not null)
        {
            text.Append("VOID: ").AppendLine(report.Void);
        }

        foreach (var check in report.Checks)
        {
            text.AppendLine($"{(check.IsMet ? "met    " : "NOT MET")}  {check.What}: {check.Measured} (wanted: {check.Wanted})");
        }

        foreach (var table in report.Tables)
        {
            text.AppendLine().AppendLine(table.Name);
            string[][] rows = [[.. table.Columns], .. table.Rows.Select(row => (string[])[row.Name, .. row.Values.Select(Number)])];
            var widths = Enumerable.Range(0, table.Columns.Count).Select(i => rows.Max(row => row[i].Length)).ToArray();
            foreach (var row in rows)
            {
                text.Append("  ").AppendLine(string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).TrimEnd());
            }
        }

        return Lines(text);
    }

    /// <summary>For a repository.</summary>
    public static string Markdown(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder().AppendLine($"# {report.Title}").AppendLine();
        foreach (var (name, value) in report.Facts)
        {
            text.AppendLine($"- {name}: {value}");
        }

        if (report.Void is not null)
        {
            text.AppendLine().AppendLine($"**Void: {report.Void}**");
        }

        if (report.Checks.Count > 0)
        {
            text.AppendLine().AppendLine("| measure | wanted | measured | |").AppendLine("|---|---|---|---|");
            foreach (var check in report.Checks)
            {
                text.AppendLine($"| {Cell(check.What)} | {Cell(check.Wanted)} | {Cell(check.Measured)} | {(check.IsMet ? "met" : "**not met**")} |");
            }
        }

        foreach (var table in report.Tables)
        {
            text.AppendLine().AppendLine($"## {table.Name}").AppendLine();
            text.AppendLine($"| {string.Join(" | ", table.Columns.Select(Cell))} |");
            text.AppendLine($"|---|{string.Concat(table.Columns.Skip(1).Select(_ => "---:|"))}");
            foreach (var row in table.Rows)
            {
                text.AppendLine($"| {string.Join(" | ", row.Values.Select(Number).Prepend(Cell(row.Name)))} |");
            }
        }

        return Lines(text);
    }

    /// <summary>For a spreadsheet: one line per number, so that tables of different shape fit in one file.</summary>
    public static string Csv(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder().AppendLine("table,row,column,value");
        foreach (var table in report.Tables)
        {
            foreach (var row in table.Rows)
            {
                for (var i = 0; i < row.Values.Count; i++)
                {
                    text.AppendLine(string.Join(',', Quoted(table.Name), Quoted(row.Name), Quoted(table.Columns[i + 1]), row.Values[i]?.ToString("R", CultureInfo.InvariantCulture)));
                }
            }
        }

        return Lines(text);
    }

    /// <summary>Four significant digits, whole from a thousand on.</summary>
    internal static string Number(double? value)
    {
        if (value is not { } number)
        {
            return "";
        }

        var size = Math.Abs(number);
        var format = size is 0 or >= 1000 ? "0" : size >= 100 ? "0.#" : size >= 10 ? "0.##" : size >= 1 ? "0.###" : "0.####";
        return number.ToString(format, CultureInfo.InvariantCulture);
    }

    private static string Lines(StringBuilder text) => text.ToString().ReplaceLineEndings("\n");

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
