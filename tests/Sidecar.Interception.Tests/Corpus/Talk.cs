using System.Net.Sockets;
using System.Text;

namespace Sidecar.Interception.Tests.Corpus;

/// <summary>Steps on bytes; text is Latin-1 throughout.</summary>
internal static class Talk
{
    /// <summary>Sends text.</summary>
    public static Step Send(string text) => Send(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes.</summary>
    public static Step Send(byte[] bytes) => side => side.SendAsync(bytes);

    /// <summary>Reads exactly so many bytes and writes them down.</summary>
    public static Step Receive(int count) => async side =>
        side.Transcript.Add("bytes", Printable.Of(await side.Reader.ReadExactlyAsync(count, side.Cancellation)));

    /// <summary>Reads what the text's length says.</summary>
    public static Step Receive(string expected) => Receive(expected.Length);

    /// <summary>Reads to the end; writes down the bytes and whether it was FIN or RST.</summary>
    public static Step ReceiveToEnd => async side =>
    {
        using var bytes = new MemoryStream();
        var end = "FIN";
        try
        {
            while (await side.Reader.ReadSomeAsync(side.Cancellation) is { Length: > 0 } some)
            {
                bytes.Write(some);
            }
        }
        catch (IOException error) when (error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            end = "RST";
        }

        side.Transcript.Add("bytes", Printable.Of(bytes.ToArray()));
        side.Transcript.Add("end", end);
    };

    /// <summary>FIN in this direction only.</summary>
    public static Step HalfClose => side => Do(() => side.Socket.Shutdown(SocketShutdown.Send));

    /// <summary>Ends with FIN.</summary>
    public static Step Close => side => Do(() =>
    {
        side.IsEnded = true;
        side.Socket.Shutdown(SocketShutdown.Send);
        side.Socket.Close();
    });

    /// <summary>Ends with RST.</summary>
    public static Step Reset => side => Do(() =>
    {
        side.IsEnded = true;
        side.Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        side.Socket.Close();
    });

    /// <summary>Lets the other side go on.</summary>
    public static Step Signal(string name = "go") => side => Do(() => side.Conversation.Signal(name).TrySetResult());

    /// <summary>Waits until the other side said so.</summary>
    public static Step WaitFor(string name = "go") => side => side.Conversation.Signal(name).Task.WaitAsync(side.Cancellation);

    /// <summary>The same steps one after the other.</summary>
    public static Step Both(params Step[] steps) => async side =>
    {
        foreach (var step in steps)
        {
            await step(side);
        }
    };

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
