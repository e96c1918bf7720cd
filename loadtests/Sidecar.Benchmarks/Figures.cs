using System.Globalization;

namespace Sidecar.Benchmarks;

/// <summary>What a group has measured, one line each on standard output: name, unit, value, separated by tabs.</summary>
internal sealed class Figures(TextWriter output)
{
    public void Add(string name, string unit, double value) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}\t{unit}\t{value:0.####}"));
}
