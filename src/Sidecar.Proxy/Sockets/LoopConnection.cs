using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Proxy.Sockets;

/// <summary>
/// A connection of the server over a socket of an event loop. What the server above may rely on is what its own socket transport does:
/// it reads ahead up to a limit, so that the end of a caller is seen while its request is served; an orderly end of the output closes
/// the connection orderly, and anything else resets it.
/// </summary>
internal sealed class LoopConnection : ConnectionContext,
    IConnectionIdFeature, IConnectionTransportFeature, IConnectionItemsFeature, IMemoryPoolFeature, IConnectionLifetimeFeature,
    IConnectionEndPointFeature, IConnectionSocketFeature
{
    // Kestrel's own transport reads ahead 1 MiB and lets 64 KiB wait to be sent.
    private static readonly PipeOptions s_input = Options(1024 * 1024), s_output = Options(64 * 1024);

    private static long s_lastId;

    private readonly LoopSocket _socket;
    private readonly Duplex _own, _servers;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _isClosedTold = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _receiving, _sending;
    private readonly Lock _gate = new();
    private Exception? _reason;
    private string? _id;
    private IDictionary<object, object?>? _items;

    /// <summary>Begins to receive.</summary>
    public LoopConnection(LoopSocket socket)
    {
        _socket = socket;
        LocalEndPoint = socket.Socket.LocalEndPoint;
        RemoteEndPoint = socket.Socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        var (input, output) = (new Pipe(s_input), new Pipe(s_output));
        Transport = _servers = new Duplex(input.Reader, output.Writer);
        _own = new Duplex(output.Reader, input.Writer);
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionEndPointFeature>(this);
        Features.Set<IConnectionSocketFeature>(this);
        _receiving = ReceiveAsync();
        _sending = SendAsync();
    }

    /// <inheritdoc/>
    public override string ConnectionId
    {
        get => _id ??= $"{Interlocked.Increment(ref s_lastId):X}";
        set => _id = value;
    }

    /// <inheritdoc/>
    public override IFeatureCollection Features { get; } = new TransportFeatures();

    /// <inheritdoc cref="ConnectionContext.Items"/>
    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    /// <inheritdoc cref="ConnectionContext.Transport"/>
    public override IDuplexPipe Transport { get; set; }

    /// <inheritdoc/>
    public override CancellationToken ConnectionClosed { get; set; }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint { get; set; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get; set; }

    /// <inheritdoc/>
    public MemoryPool<byte> MemoryPool => BlockPool.Instance;

    /// <summary>The socket itself, for whoever does something to it: what is held back leaves before that.</summary>
    public Socket Socket
    {
        get
        {
            _socket.SendHeldBack();
            return _socket.Socket;
        }
    }

    /// <inheritdoc/>
    public override void Abort() => Abort(new ConnectionAbortedException());

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        Close(abortReason);
        _own.Input.CancelPendingRead();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        // Whatever stands in between by now.
        await _servers.Input.CompleteAsync();
        await _servers.Output.CompleteAsync();
        await _receiving;
        await _sending;
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private static PipeOptions Options(int pause) => new(
        BlockPool.Instance, PipeScheduler.Inline, PipeScheduler.Inline, pauseWriterThreshold: pause, resumeWriterThreshold: pause / 2,
        useSynchronizationContext: false);

    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                // An idle connection has no buffer.
                var result = await _socket.ReceiveAsync(Memory<byte>.Empty);
                if (result.IsSuccess)
                {
                    result = _socket.TryReceive(_own.Output.GetSpan(BlockPool.BlockSize / 2));
                }

                if (result is { Count: > 0 })
                {
                    _own.Output.Advance(result.Count);
                    var flushed = await _own.Output.FlushAsync();
                    if (flushed.IsCompleted || flushed.IsCanceled)
                    {
                        break;
                    }
                }
                else if (result.Error != SocketError.WouldBlock)
                {
                    failure = FailureOf(result.Error);
                    break;
                }
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        // When we have closed it, that is why it ended.
        await _own.Output.CompleteAsync(_reason ?? failure);
        TellClosed();
        await _isClosedTold.Task;
    }

    private async Task SendAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                var read = await _own.Input.ReadAsync();
                if (read.IsCanceled)
                {
                    break;
                }

                if (!read.Buffer.IsEmpty)
                {
                    failure = FailureOf(await _socket.SendAsync(read.Buffer));
                }

                if (read.IsCompleted && failure is null)
                {
                    // What is held back must have left before the connection is closed.
                    failure = FailureOf(await _socket.SendAsync(default));
                }

                _own.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || failure is not null)
                {
                    break;
                }
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        Close(failure);

        // The server takes a peer that has gone from the result of its flush, and an exception there for a defect.
        await _own.Input.CompleteAsync(failure is ConnectionResetException or ConnectionAbortedException ? null : failure);
        _own.Output.CancelPendingFlush();
    }

    private static Exception? FailureOf(SocketError error) => error switch
    {
        SocketError.Success => null,
        SocketError.ConnectionReset or SocketError.Shutdown => new ConnectionResetException("The peer reset the connection.", new SocketException((int)error)),
        SocketError.OperationAborted => new ConnectionAbortedException("The connection was closed."),
        _ => new SocketException((int)error),
    };

    // The end of the caller is told outside of the loop, so that what it cancels does not run within a receive.
    private void TellClosed() => ThreadPool.UnsafeQueueUserWorkItem(
        static connection =>
        {
            try
            {
                connection._closed.Cancel();
            }
            catch (AggregateException)
            {
                // Of one who wanted to be told.
            }

            connection._isClosedTold.TrySetResult();
        },
        this,
        preferLocal: false);

    private void Close(Exception? reason)
    {
        lock (_gate)
        {
            if (_reason is not null)
            {
                return;
            }

            _reason = reason ?? new ConnectionAbortedException("The connection ended in order.");
        }

        if (reason is null)
        {
            try
            {
                _socket.Socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Gone already.
            }
        }

        _socket.Close(isReset: reason is not null);
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;

        public PipeWriter Output { get; } = output;
    }
}
