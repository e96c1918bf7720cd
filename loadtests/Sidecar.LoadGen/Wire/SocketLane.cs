using System.Net;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;

namespace Sidecar.LoadGen.Wire;

/// <summary>A <see cref="Lane"/> over a TCP connection: one send and one receive for a small exchange.</summary>
public sealed class SocketLane : Lane, ISocketHandler
{
    private readonly EpollReactor _reactor;
    private readonly IPEndPoint _endpoint;
    private readonly Func<IAnswerReader> _makeReader;
    private readonly RequestImage? _handshake;
    private IAnswerReader _reader;
    private RequestImage? _request;
    private int _fd = -1;
    private int _key;
    private int _sent;
    private bool _isConnecting;
    private bool _inHandshake;
    private bool _watchesWrites;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="reactor">Whose thread uses this.</param>
    /// <param name="endpoint">Where to.</param>
    /// <param name="makeReader">For every new connection.</param>
    /// <param name="handshake">What a new connection begins with, if anything.</param>
    public SocketLane(EpollReactor reactor, IPEndPoint endpoint, Func<IAnswerReader> makeReader, RequestImage? handshake = null)
    {
        (_reactor, _endpoint, _makeReader, _handshake) = (reactor, endpoint, makeReader, handshake);
        _reader = makeReader();
    }

    /// <inheritdoc/>
    public override bool IsBusy => _request is not null;

    /// <inheritdoc/>
    public override void Begin(RequestImage request)
    {
        if (_request is not null)
        {
            throw new InvalidOperationException("The lane is busy.");
        }

        _request = request;
        Begun = _reactor.Now;
        if (_fd < 0)
        {
            Open();
        }
        else
        {
            _reader.Begin(request);
            _sent = 0;
            Send(request);
        }
    }

    /// <inheritdoc/>
    public override void Abandon(string problem)
    {
        if (_request is not null)
        {
            Fail(problem);
        }
    }

    /// <inheritdoc/>
    public override void Close()
    {
        _request = null;
        CloseSocket();
    }

    void ISocketHandler.Ready(uint events)
    {
        if (_isConnecting)
        {
            var error = Native.Error(_fd);
            if (error != 0)
            {
                Fail("connect failed");
                return;
            }

            _isConnecting = false;
            Connected();
            return;
        }

        if ((events & (Native.Readable | Native.Broken)) != 0)
        {
            Receive();
        }

        if (_watchesWrites && _fd >= 0 && (events & Native.Writable) != 0)
        {
            Send(Current);
        }
    }

    private RequestImage Current => _inHandshake ? _handshake! : _request!;

    private void Open()
    {
        Connections++;
        _reader = _makeReader();
        _fd = Native.Open(_endpoint.AddressFamily);
        var error = Native.Connect(_fd, _endpoint);
        if (error is not (0 or Native.InProgress))
        {
            Native.Close(_fd);
            _fd = -1;
            // Not from inside Begin: the caller may begin again from its completion, without end.
            _reactor.Post(() => Fail("connect failed"));
            return;
        }

        _isConnecting = error != 0;
        _watchesWrites = _isConnecting;
        _key = _reactor.Add(_fd, _isConnecting ? Native.Writable : Native.Readable, this);
        if (!_isConnecting)
        {
            Connected();
        }
    }

    private void Connected()
    {
        _inHandshake = _handshake is not null;
        _sent = 0;
        _reader.Begin(Current);
        Send(Current);
    }

    private void Send(RequestImage image)
    {
        var rest = image.Bytes.Span[_sent..];
        while (!rest.IsEmpty)
        {
            var sent = Native.Send(_fd, rest, out var error);
            if (sent < 0)
            {
                if (error == Native.Interrupted)
                {
                    continue;
                }

                if (error == Native.TryAgain)
                {
                    break;
                }

                // An answer that says why may be in the receive buffer; it is read before the failure is told.
                _reactor.Post(() => FailIfBusy(image));
                return;
            }

            _sent += sent;
            rest = rest[sent..];
        }

        WatchWrites(!rest.IsEmpty);
    }

    private void FailIfBusy(RequestImage image)
    {
        if (_fd >= 0 && _request is not null && ReferenceEquals(Current, image))
        {
            Fail("send failed");
        }
    }

    private void WatchWrites(bool wanted)
    {
        if (_watchesWrites != wanted)
        {
            _watchesWrites = wanted;
            _reactor.Change(_fd, wanted ? Native.Readable | Native.Writable : Native.Readable, _key);
        }
    }

    private void Receive()
    {
        while (true)
        {
            var received = Native.Receive(_fd, _reactor.Buffer, out var error);
            if (received < 0 && error is Native.TryAgain or Native.Interrupted)
            {
                return;
            }

            if (received <= 0)
            {
                Ended(received < 0);
                return;
            }

            if (_request is null)
            {
                CloseSocket(); // bytes that nobody asked for: not a connection to trust
                return;
            }

            var state = _reader.Feed(_reactor.Buffer.AsSpan(0, received), out var used);
            if (state == ReadState.NeedMore)
            {
                if (received < _reactor.Buffer.Length)
                {
                    return; // the socket is empty, as far as one can know without asking
                }

                continue;
            }

            Answered(state, used < received);
            return;
        }
    }

    private void Ended(bool isError)
    {
        if (_request is null)
        {
            CloseSocket(); // idle: the next exchange opens another
        }
        else if (isError)
        {
            Fail("reset");
        }
        else
        {
            Answered(_reader.End(), hasMore: false);
        }
    }

    private void Answered(ReadState state, bool hasMore)
    {
        var expected = Current.ExpectedStatus;
        var problem = state == ReadState.Failed ? _reader.Problem
            : hasMore ? "more than one answer"
            : _reader.Status != expected ? "status"
            : null;
        if (problem is null && _inHandshake)
        {
            _inHandshake = false;
            _sent = 0;
            _reader.Begin(_request!);
            Send(_request!);
            return;
        }

        var isAnswered = state == ReadState.Complete;
        var result = new ExchangeResult(problem, isAnswered ? _reader.Status : 0, _reader.BodyBytes);
        if (!isAnswered || hasMore || !_reader.IsReusable || _sent < Current.Bytes.Length)
        {
            CloseSocket();
        }

        _request = null;
        Completed?.Invoke(this, result);
    }

    private void Fail(string problem)
    {
        CloseSocket();
        _request = null;
        Completed?.Invoke(this, new ExchangeResult(problem, 0, 0));
    }

    private void CloseSocket()
    {
        if (_fd >= 0)
        {
            _reactor.Remove(_fd, _key);
            Native.Close(_fd);
            _fd = -1;
        }

        (_isConnecting, _inHandshake, _watchesWrites) = (false, false, false);
    }
}
