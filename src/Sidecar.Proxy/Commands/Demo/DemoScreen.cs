namespace Sidecar.Proxy.Commands.Demo;

/// <summary>Shows the table while it grows: redrawn in place on a terminal, printed once elsewhere.</summary>
/// <param name="output">Where to.</param>
/// <param name="isTerminal">It understands cursor movements.</param>
public sealed class DemoScreen(TextWriter output, bool isTerminal)
{
    private int _drawnLines;

    /// <summary>The table so far.</summary>
    public void Update(IReadOnlyList<DemoLine> lines)
    {
        if (isTerminal)
        {
            Draw(lines);
        }
    }

    /// <summary>The table as it stays.</summary>
    public void Finish(IReadOnlyList<DemoLine> lines) => Draw(lines);

    private void Draw(IReadOnlyList<DemoLine> lines)
    {
        var table = DemoTable.Render(lines);

        // ECMA-48: CUU up over what was drawn, ED erase from there. Nothing of it when nothing was drawn.
        output.Write(_drawnLines == 0 ? table : $"\u001b[{_drawnLines}A\u001b[J{table}");
        output.Flush();
        _drawnLines = isTerminal ? table.Count(character => character == '\n') : 0;
    }
}
