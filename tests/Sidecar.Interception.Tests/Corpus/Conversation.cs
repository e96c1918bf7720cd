using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Sidecar.Interception.Tests.Corpus;

/// <summary>
/// One run of a <see cref="CorpusMessage"/>: a listener of its own, so that nothing of another message can come here, a
/// client that dials it, and two transcripts.
/// </summary>
internal sealed class Conversation : IAsyncDisposable
{
    /// <summary>Name of the entry that says that a side could not do all its steps.</summary>
    public const string Failure = "failure";

    // Turns a hang into a difference. Direct runs take milliseconds; it is no measurement.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly CorpusMessage _message;
    private readonly CancellationTokenSource _time = new(Limit);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _signals = new();
    private readonly TaskCompletionSource _serverDone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentBag<Side> _sides = [];
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly Transcript _client = new();
    private readonly Transcript _server = new();
    private readonly Socket _listener;
    private int _turn;
    private int _turnsDone;
    private int _connections;

    private Conversation(CorpusMessage message, Socket listener)
    {
        _message = message;
        _listener = listener;
    }

    /// <summary>The end of the time.</summary>
    public CancellationToken Cancellation => _time.Token;

    /// <summary>Runs the message and gives what both sides saw.</summary>
    public static async Task<Recording> RunAsync(CorpusMessage message, NetworkNamespace client, NetworkNamespace server, IPAddress address)
    {
        await using var conversation = new Conversation(message, server.Listen(message.Port));
        var accepting = conversation.AcceptAsync();
        await conversation.RunClientAsync(client, new IPEndPoint(address, ((IPEndPoint)conversation._listener.LocalEndPoint!).Port));
        await conversation.WaitForServerAsync();
        conversation._listener.Dispose();
        await accepting;
        return new Recording(conversation._client.Entries, conversation._server.Entries);
    }

    /// <summary>An event by which the sides wait for each other; both run in this process, so no byte is needed for it.</summary>
    public TaskCompletionSource Signal(string name) => _signals.GetOrAdd(name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>The turn that the next request takes, counted from 1.</summary>
    public int NextTurn() => Interlocked.Increment(ref _turn);

    /// <summary>Runs one turn of the server to its end, on whatever connection it came, and writes down how it went.</summary>
    public async Task RunTurnAsync(Side side, int turn)
    {
        var steps = turn <= _message.Answers.Length ? _message.Answers[turn - 1] : [];
        await RunStepsAsync(side, steps, _server);
        if (Interlocked.Increment(ref _turnsDone) >= _message.Answers.Length)
        {
            _serverDone.TrySetResult();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _time.CancelAsync();
        _listener.Dispose();
        foreach (var side in _sides)
        {
            side.Dispose();
        }

        await Task.WhenAll(_serving);
        _time.Dispose();
    }

    private static string Describe(Exception error) => error switch
    {
        OperationCanceledException => "gave up waiting",
        EndOfStreamException => "the connection ended early",
        IOException { InnerException: SocketException socket } => socket.SocketErrorCode.ToString(),
        SocketException socket => socket.SocketErrorCode.ToString(),
        _ => $"{error.GetType().Name}: {error.Message}",
    };

    private static bool IsExpected(Exception error) =>
        error is OperationCanceledException or IOException or SocketException or ObjectDisposedException or FormatException or AuthenticationException or InvalidOperationException or ArgumentException;

    private async Task RunClientAsync(NetworkNamespace network, IPEndPoint address)
    {
        Side side;
        try
        {
            var socket = network.CreateSocket(address.AddressFamily);
            await socket.ConnectAsync(address, Cancellation);
            side = new Side(this, _client, socket);
        }
        catch (Exception error) when (IsExpected(error))
        {
            _client.Set(Failure, $"connect: {Describe(error)}");
            return;
        }

        _sides.Add(side);
        await RunStepsAsync(side, _message.Client, _client);
    }

    private async Task RunStepsAsync(Side side, Step[] steps, Transcript transcript)
    {
        var number = 0;
        try
        {
            foreach (var step in steps)
            {
                number++;
                await step(side);
                if (side.IsEnded)
                {
                    return;
                }
            }
        }
        catch (Exception error) when (IsExpected(error))
        {
            transcript.Set(Failure, $"step {number} of {steps.Length}: {Describe(error)}");
        }
    }

    // The client is done; the server's last steps may still be on their way through the proxy. Where the proxy never
    // came, this is what is waited before that is written down.
    private async Task WaitForServerAsync()
    {
        try
        {
            await _serverDone.Task.WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (TimeoutException)
        {
            _server.Set(Failure, $"{_turnsDone} of {_message.Answers.Length} turns happened");
        }

        if (_message.Protocol == CorpusProtocol.Bytes)
        {
            _server.Set("connections", _connections.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(Cancellation);
                Interlocked.Increment(ref _connections);
                var side = new Side(this, _server, socket);
                _sides.Add(side);
                _serving.Add(ServeAsync(side));
            }
        }
        catch (Exception error) when (IsExpected(error))
        {
            // Over.
        }
    }

    private async Task ServeAsync(Side side)
    {
        try
        {
            switch (_message.Protocol)
            {
                case CorpusProtocol.Http1:
                    await Http1.ServeAsync(side);
                    break;
                case CorpusProtocol.Http2:
                    await Http2.ServeAsync(side);
                    break;
                default:
                    await RunTurnAsync(side, NextTurn());
                    break;
            }
        }
        catch (Exception error) when (IsExpected(error))
        {
            // The other end went away between two turns, which every script does some time.
        }
    }
}
