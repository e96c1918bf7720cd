namespace Sidecar.Proxy.Upstream;

/// <summary>
/// What is seen on the wire of one call, written by the hooks that the HTTP client offers: the header encoding selector
/// (both protocols; runs in the call's flow each time a request head is serialized) and the HTTP/1 stream.
/// </summary>
/// <remarks>
/// The client's pool may serve a call on another connection than the one that was dialled for it. Which one carries it shows
/// when its head is written: on HTTP/1 the client serializes a head and writes it without a pause on one thread, so the hook
/// that sees the first leaves the call for the one that sees the second (<see cref="TakeWriting"/>). Where only the connection
/// decides between the protocols, heads of HTTP/2 would be left and not taken: there the call is in its own flow instead.
/// </remarks>
internal sealed class CallTrace : IConnectionUse
{
    private const int Connecting = 0;
    private const int Connected = 1;
    private const int TimedOut = 2;

    private static readonly HttpRequestOptionsKey<CallTrace> Key = new("sidecar.call");
    private static readonly AsyncLocal<CallTrace?> s_flow = new();

    [ThreadStatic]
    private static CallTrace? t_serialized;

    private bool _isSurelyHttp1;
    private int _serializedBy;
    private int _stage;
    private string? _firstHeader;
    private Version? _version;

    /// <summary>The message while it is being sent; null afterwards, since connections remember their last call.</summary>
    public HttpRequestMessage? Request { get; set; }

    /// <summary>A connection was found and the head was serialized for it.</summary>
    public bool IsConnected => Volatile.Read(ref _stage) == Connected;

    /// <summary>The connect timeout ran out first.</summary>
    public bool IsTimedOut => Volatile.Read(ref _stage) == TimedOut;

    /// <summary>An HTTP/1 connection carries this call.</summary>
    public bool IsHttp1 => Connection is not null;

    /// <summary>A byte was given to an HTTP/1 connection.</summary>
    public bool IsHttp1Written { get; set; }

    /// <summary>The HTTP/1 connection had served an exchange before.</summary>
    public bool IsConnectionReused { get; set; }

    /// <summary>A byte came back on the HTTP/1 connection.</summary>
    public bool IsResponseStarted { get; set; }

    /// <summary>Reading from or writing to the HTTP/1 connection failed.</summary>
    public bool IsConnectionBroken { get; set; }

    /// <summary>The client tried to send the call a second time and was stopped.</summary>
    public bool IsHiddenRetryStopped { get; private set; }

    /// <summary>The HTTP/1 connection that carries this call; null on HTTP/2.</summary>
    public Http1ConnectionStream? Connection { get; set; }

    /// <summary>A new attempt to send a message. To be called in the flow of the call.</summary>
    public static CallTrace Begin(HttpRequestMessage request)
    {
        var call = new CallTrace
        {
            Request = request,
            _isSurelyHttp1 = request is { Version.Major: 1, VersionPolicy: HttpVersionPolicy.RequestVersionExact },
        };
        if (request is UpstreamMessage message)
        {
            message.Call = call;
        }
        else
        {
            request.Options.Set(Key, call);
        }

        if (!call._isSurelyHttp1)
        {
            s_flow.Value = call;
        }

        return call;
    }

    /// <summary>The head is written, and was at once: no connection had to be waited for.</summary>
    public void OnStarted()
    {
        // By another thread: a connection became free in this moment, and one is being dialled all the same.
        if (_isSurelyHttp1 && _serializedBy == Environment.CurrentManagedThreadId && Request is UpstreamMessage message)
        {
            message.IsReusable = true;
        }
    }

    /// <summary>The attempt that sends a message, or sent it last; null for a message of somebody else.</summary>
    public static CallTrace? Of(HttpRequestMessage request) =>
        request is UpstreamMessage message ? message.Call : request.Options.TryGetValue(Key, out var call) ? call : null;

    /// <summary>Whose bytes are about to be written to an HTTP/1 connection; null when those of the call that it carries already.</summary>
    public static CallTrace? TakeWriting()
    {
        var call = t_serialized;
        t_serialized = null;

        // One that has ended left its head unwritten: its body failed before anything was.
        return call is { Request: not null } ? call : s_flow.Value;
    }

    /// <inheritdoc/>
    public void Ended() => Connection?.ExchangeEnded(this);

    /// <summary>The connect timeout ran out: true unless a connection was found in the same moment.</summary>
    public bool TryTimeOut() => Interlocked.CompareExchange(ref _stage, TimedOut, Connecting) == Connecting;

    /// <summary>
    /// The client serializes a header of the call. The same name a second time means that it repeats the call behind
    /// our back, for which only the policy engine may decide.
    /// </summary>
    /// <exception cref="IOException">It is a repetition; the client gives such an exception back as it is.</exception>
    public void OnHeader(string name, Version version)
    {
        if (_firstHeader is null)
        {
            _firstHeader = name;
            _version = version;
            if (Interlocked.CompareExchange(ref _stage, Connected, Connecting) != Connecting)
            {
                throw new IOException("The connect timeout ran out.");
            }

            if (_isSurelyHttp1)
            {
                _serializedBy = Environment.CurrentManagedThreadId;
                t_serialized = this;
            }
        }
        else if (string.Equals(name, _firstHeader, StringComparison.Ordinal))
        {
            if (version != _version)
            {
                // HTTP_1_1_REQUIRED: the upstream asked for the other version and did not process the request
                // (RFC 9113 §7). The client changes the version only for that.
                _version = version;
                return;
            }

            IsHiddenRetryStopped = true;
            throw new IOException("The request is not sent twice.");
        }
    }
}
