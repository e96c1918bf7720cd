namespace Sidecar.LoadGen.Backend;

/// <summary>Where a connection is reset.</summary>
public enum ResetPlace
{
    /// <summary>Before its first byte.</summary>
    AtOnce,

    /// <summary>After so many bytes of what the caller sent.</summary>
    InRequest,

    /// <summary>After so many bytes of what the upstream answered.</summary>
    InAnswer,

    /// <summary>Between two exchanges, after so many bytes of answers and a moment: often while the next request is on its way.</summary>
    Between,
}

/// <summary>When and where one connection ends by a reset.</summary>
/// <param name="Place">In which direction.</param>
/// <param name="Bytes">So many pass, counted from the connection's beginning.</param>
/// <param name="Pause">Waited before the reset; only <see cref="ResetPlace.Between"/> waits.</param>
public readonly record struct ConnectionFate(ResetPlace Place, long Bytes, TimeSpan Pause)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(3);

    /// <summary>Draws one. Offsets are even over the bytes of as many exchanges as a connection lives at most.</summary>
    /// <param name="random">Seeded: one seed gives one sequence.</param>
    /// <param name="exchanges">That many exchanges a connection lives at most, and half of it on average.</param>
    /// <param name="requestBytes">About what a request takes.</param>
    /// <param name="answerBytes">About what an answer takes.</param>
    public static ConnectionFate Draw(Random random, int exchanges, int requestBytes, int answerBytes)
    {
        ArgumentNullException.ThrowIfNull(random);
        return random.Next(20) switch
        {
            0 => new ConnectionFate(ResetPlace.AtOnce, 0, TimeSpan.Zero),
            < 8 => new ConnectionFate(ResetPlace.InRequest, 1 + random.NextInt64((long)exchanges * requestBytes), TimeSpan.Zero),
            < 15 => new ConnectionFate(ResetPlace.InAnswer, 1 + random.NextInt64((long)exchanges * answerBytes), TimeSpan.Zero),
            _ => new ConnectionFate(ResetPlace.Between, 1 + random.NextInt64((long)exchanges * answerBytes), random.NextDouble() * LongestPause),
        };
    }
}
