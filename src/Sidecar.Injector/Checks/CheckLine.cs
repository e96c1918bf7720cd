namespace Sidecar.Injector.Checks;

/// <summary>How a check ended.</summary>
internal enum CheckVerdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, with less than could be, or could not be seen.</summary>
    Warn,

    /// <summary>It will not work.</summary>
    Fail,
}

/// <summary>One line of <c>check</c>.</summary>
/// <param name="Verdict">How it ended.</param>
/// <param name="What">What was looked at.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Advice">What to do; null when there is nothing.</param>
internal sealed record CheckLine(CheckVerdict Verdict, string What, string Detail, string? Advice = null)
{
    /// <summary>As it should be.</summary>
    public static CheckLine Ok(string what, string detail) => new(CheckVerdict.Ok, what, detail);

    /// <summary>Less than could be.</summary>
    public static CheckLine Warn(string what, string detail, string? advice = null) => new(CheckVerdict.Warn, what, detail, advice);

    /// <summary>It will not work.</summary>
    public static CheckLine Fail(string what, string detail, string? advice = null) => new(CheckVerdict.Fail, what, detail, advice);

    /// <summary><c>fail  service: it has no endpoints; …</c>; the words stand in one column.</summary>
    public override string ToString()
    {
        var word = Verdict switch
        {
            CheckVerdict.Ok => "ok",
            CheckVerdict.Warn => "warn",
            _ => "fail",
        };
        return $"{word,-4}  {What}: {Detail}{(Advice is null ? "" : $"; {Advice}")}";
    }
}
