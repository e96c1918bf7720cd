using System.Globalization;
using System.Net;
using System.Text;

namespace Sidecar.LoadGen.Reports;

/// <summary>Reports as one HTML file with its pictures inside, no script and nothing to load.</summary>
public static class HtmlFormat
{
    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
        table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}td,th{padding:.25rem .8rem;border-bottom:1px solid #d0d7de;text-align:right}
        td:first-child,th:first-child{text-align:left}.met{color:#1a7f37}.missed,.void{color:#b3261e;font-weight:600}svg{width:100%;height:auto}
        """;

    /// <summary>The page.</summary>
    public static string Html(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var page = new StringBuilder();
        page.AppendLine("<!DOCTYPE html>").AppendLine("<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        page.AppendLine($"<title>{Text(report.Title)}</title>").AppendLine($"<style>{Style}</style></head><body>").AppendLine($"<h1>{Text(report.Title)}</h1>");
        if (report.Void is not null)
        {
            page.AppendLine($"<p class=\"void\">Void: {Text(report.Void)}</p>");
        }

        page.AppendLine("<ul>");
        foreach (var (name, value) in report.Facts)
        {
            page.AppendLine($"<li>{Text(name)}: {Text(value)}</li>");
        }

        page.AppendLine("</ul>");
        if (report.Checks.Count > 0)
        {
            page.AppendLine("<table><tr><th>measure</th><th>wanted</th><th>measured</th><th></th></tr>");
            foreach (var check in report.Checks)
            {
                page.AppendLine($"<tr><td>{Text(check.What)}</td><td>{Text(check.Wanted)}</td><td>{Text(check.Measured)}</td>"
                    + (check.IsMet ? "<td class=\"met\">met</td></tr>" : "<td class=\"missed\">not met</td></tr>"));
            }

            page.AppendLine("</table>");
        }

        foreach (var chart in report.Charts)
        {
            page.AppendLine($"<h2>{Text(chart.Name)}</h2>").AppendLine(SvgChart.Draw(chart));
        }

        foreach (var table in report.Tables)
        {
            page.AppendLine($"<h2>{Text(table.Name)}</h2>").AppendLine($"<table><tr>{string.Concat(table.Columns.Select(column => $"<th>{Text(column)}</th>"))}</tr>");
            foreach (var row in table.Rows)
            {
                page.AppendLine($"<tr><td>{Text(row.Name)}</td>{string.Concat(row.Values.Select(value => $"<td>{TextFormats.Number(value)}</td>"))}</tr>");
            }

            page.AppendLine("</table>");
        }

        return page.AppendLine("</body></html>").ToString().ReplaceLineEndings("\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>A chart as SVG.</summary>
internal static class SvgChart
{
    private const double Width = 860, Height = 360, Left = 70, Right = 150, Top = 16, Bottom = 44;

    // Told apart in grey and by most colour-blind readers.
    private static readonly string[] Colours = ["#0b57d0", "#b3261e", "#1a7f37", "#9a6700", "#6f42c1", "#57606a"];

    public static string Draw(Chart chart)
    {
        var points = chart.Curves.SelectMany(curve => curve.Points).ToArray();
        if (points.Length == 0)
        {
            return "";
        }

        var left = points.Min(point => Place(chart, point.X));
        var right = Math.Max(left + 1e-9, points.Max(point => Place(chart, point.X)));
        var top = Math.Max(1e-9, points.Max(point => point.Y) * 1.05);
        double X(double x) => Left + ((Place(chart, x) - left) / (right - left) * (Width - Left - Right));
        double Y(double y) => Height - Bottom - (Math.Max(0, y) / top * (Height - Top - Bottom));

        var svg = new StringBuilder($"<svg viewBox=\"0 0 {N(Width)} {N(Height)}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(chart.Name)}\" font-size=\"12\" font-family=\"system-ui,sans-serif\">\n");
        for (var i = 0; i <= 4; i++)
        {
            var value = top * i / 4;
            svg.Append($"<line x1=\"{N(Left)}\" x2=\"{N(Width - Right)}\" y1=\"{N(Y(value))}\" y2=\"{N(Y(value))}\" stroke=\"#d0d7de\"/>");
            svg.Append($"<text x=\"{N(Left - 8)}\" y=\"{N(Y(value) + 4)}\" text-anchor=\"end\">{TextFormats.Number(value)}</text>\n");
        }

        var ticks = chart.IsTail ? [50, 90, 99, 99.9, 99.99] : Enumerable.Range(0, 5).Select(i => left + ((right - left) * i / 4)).ToArray();
        foreach (var tick in ticks.Where(tick => Place(chart, tick) >= left - 1e-9 && Place(chart, tick) <= right + 1e-9))
        {
            svg.Append($"<text x=\"{N(X(tick))}\" y=\"{N(Height - Bottom + 18)}\" text-anchor=\"middle\">{TextFormats.Number(tick)}</text>\n");
        }

        svg.Append($"<text x=\"{N((Left + Width - Right) / 2)}\" y=\"{N(Height - 6)}\" text-anchor=\"middle\">{WebUtility.HtmlEncode(chart.X)}</text>");
        svg.Append($"<text transform=\"translate(14 {N(Height / 2)}) rotate(-90)\" text-anchor=\"middle\">{WebUtility.HtmlEncode(chart.Y)}</text>\n");
        for (var i = 0; i < chart.Curves.Count; i++)
        {
            var curve = chart.Curves[i];
            var colour = Colours[i % Colours.Length];
            var line = string.Join(' ', curve.Points.Select(point => $"{N(X(point.X))},{N(Y(point.Y))}"));
            svg.Append($"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{line}\"/>");
            svg.Append($"<text x=\"{N(Width - Right + 10)}\" y=\"{N(Top + 14 + (i * 18))}\" fill=\"{colour}\">{WebUtility.HtmlEncode(curve.Name)}</text>\n");
        }

        return svg.Append("</svg>").ToString();
    }

    // 50 → 0.3, 90 → 1, 99 → 2, 99.9 → 3: each nine takes the same width.
    private static double Place(Chart chart, double x) => chart.IsTail ? -Math.Log10(Math.Max(1e-9, 1 - (x / 100))) : x;

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
