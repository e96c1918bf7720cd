using System.Text;
using System.Text.Json;

namespace Sidecar.LoadGen.Reports;

/// <summary>Reports as JSON: what <c>loadtests/measure</c> reads.</summary>
public static class JsonFormat
{
    /// <summary>Indented.</summary>
    public static string Json(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("title", report.Title);
            json.WriteString("void", report.Void);
            json.WriteStartObject("facts");
            foreach (var (name, value) in report.Facts)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            json.WriteStartArray("checks");
            foreach (var check in report.Checks)
            {
                json.WriteStartObject();
                json.WriteString("what", check.What);
                json.WriteString("wanted", check.Wanted);
                json.WriteString("measured", check.Measured);
                json.WriteBoolean("met", check.IsMet);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartObject("tables");
            foreach (var table in report.Tables)
            {
                Write(json, table);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, Table table)
    {
        json.WriteStartObject(table.Name);
        foreach (var row in table.Rows)
        {
            json.WriteStartObject(row.Name);
            for (var i = 0; i < row.Values.Count; i++)
            {
                if (row.Values[i] is { } value && double.IsFinite(value))
                {
                    json.WriteNumber(table.Columns[i + 1], value);
                }
                else
                {
                    json.WriteNull(table.Columns[i + 1]);
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
