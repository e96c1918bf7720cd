using System.Globalization;
using System.Text;

namespace Sidecar.TestKit.Network;

/// <summary>What an upstream does with one request: steps in order, written down to the byte.</summary>
public sealed class Answer
{
    private readonly List<Func<UpstreamConnection, Task>> _steps = [];

    private Answer()
    {
    }

    /// <summary>Nothing yet: closes (FIN) without a byte when <see cref="ThenClose"/> follows.</summary>
    public static Answer Nothing => new();

    /// <summary>Never answers; ends when the proxy gives up.</summary>
    public static Answer Never => new Answer().ThenHold();

    /// <summary>200 with a body.</summary>
    public static Answer Ok(string body = "ok") => Status(200, body);

    /// <summary>A status, header lines such as <c>retry-after: 1</c> and a counted body.</summary>
    public static Answer Status(int status, string body = "", params string[] headerLines) =>
        Counted(status, Encoding.Latin1.GetBytes(body), headerLines);

    /// <summary>A status, header lines and a counted body.</summary>
    public static Answer Counted(int status, byte[] body, params string[] headerLines) =>
        Raw(Head(status, [.. headerLines, "content-length: " + body.Length.ToString(CultureInfo.InvariantCulture)])).ThenSend(body);

    /// <summary>Exactly these bytes (Latin-1).</summary>
    public static Answer Raw(string text) => new Answer().ThenSend(text);

    /// <summary>A response head; its body follows by <see cref="ThenChunk"/>, <see cref="ThenSend(string)"/>.</summary>
    public static Answer Start(int status, params string[] headerLines) => Raw(Head(status, headerLines));

    /// <summary>Sends bytes.</summary>
    public Answer ThenSend(byte[] bytes) => Then(connection => connection.SendAsync(bytes));

    /// <summary>Sends Latin-1 text.</summary>
    public Answer ThenSend(string text) => ThenSend(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends one chunk.</summary>
    public Answer ThenChunk(string data) => ThenSend(data.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n" + data + "\r\n");

    /// <summary>Sends the last chunk, with trailer lines if given.</summary>
    public Answer ThenLastChunk(params string[] trailerLines) => ThenSend("0\r\n" + string.Concat(trailerLines.Select(line => line + "\r\n")) + "\r\n");

    /// <summary>Waits for the test's permission.</summary>
    public Answer ThenWait(Task permission) => Then(connection => permission.WaitAsync(connection.Stopping));

    /// <summary>Ends with FIN.</summary>
    public Answer ThenClose() => Then(connection =>
    {
        connection.Close();
        return Task.CompletedTask;
    });

    /// <summary>Ends with RST.</summary>
    public Answer ThenReset() => Then(connection =>
    {
        connection.Reset();
        return Task.CompletedTask;
    });

    /// <summary>FIN in our direction only.</summary>
    public Answer ThenHalfClose() => Then(connection =>
    {
        connection.HalfClose();
        return Task.CompletedTask;
    });

    /// <summary>Stays silent until the proxy closes.</summary>
    public Answer ThenHold() => Then(connection => connection.WaitForPeerCloseAsync());

    /// <summary>The permission first, then this answer.</summary>
    public Answer After(Task permission)
    {
        _steps.Insert(0, connection => permission.WaitAsync(connection.Stopping));
        return this;
    }

    /// <summary>Any other step.</summary>
    public Answer Then(Func<UpstreamConnection, Task> step)
    {
        _steps.Add(step);
        return this;
    }

    internal async Task PlayAsync(UpstreamConnection connection)
    {
        foreach (var step in _steps)
        {
            await step(connection);
            if (connection.IsEnded)
            {
                return;
            }
        }
    }

    private static string Head(int status, string[] headerLines) =>
        string.Concat([$"HTTP/1.1 {status} Scripted\r\n", .. headerLines.Select(line => line + "\r\n"), "\r\n"]);
}
