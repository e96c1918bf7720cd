namespace Sidecar.Configuration.Documents;

/// <summary>Where a value begins in a text.</summary>
/// <param name="File">Name of the source.</param>
/// <param name="Line">Line from 1; 0 where lines mean nothing, as in <c>--set</c>.</param>
/// <param name="Column">Column from 1, in characters (JSON: in bytes); 0 like the line.</param>
internal readonly record struct SourcePosition(string File, int Line, int Column);
