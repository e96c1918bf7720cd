using System.Net;
using System.Net.Sockets;
using Sidecar.Init.Backends;
using Sidecar.Init.Options;

namespace Sidecar.Init.Check;

/// <summary>What one family came to.</summary>
public enum CheckVerdict
{
    /// <summary>A redirected connection arrived.</summary>
    Proven,

    /// <summary>There is nothing of this family to redirect.</summary>
    Absent,

    /// <summary>A connection that had to be redirected was not.</summary>
    Failed,
}

/// <summary>What was observed about one family.</summary>
public sealed record CheckFinding(CheckVerdict Verdict, string Message);

/// <summary>
/// Opens connections that must be redirected and looks where they arrive: at this process, which listens on the
/// proxy's outbound port while that is free, or at the proxy.
/// </summary>
public sealed class InterceptionCheck(RedirectOptions options, SystemFacts facts, TimeProvider time)
{
    // Nothing answers at the dialled addresses, so a connection that is not redirected only ends by this.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // A redirected connection is in the listener's queue before connect returns; this is for a busy machine.
    private static readonly TimeSpan ArrivalLimit = TimeSpan.FromSeconds(2);

    /// <summary>Both families, at the same time, for at most 10 s.</summary>
    public async Task<IReadOnlyList<CheckFinding>> RunAsync()
    {
        if (facts.Uid == options.ProxyUid && facts.Gid == options.ProxyGid)
        {
            return [new CheckFinding(CheckVerdict.Failed, $"The check runs as user {facts.Uid} and group {facts.Gid}, the proxy's own, whose connections are never redirected: run it as another user.")];
        }

        using var limit = new CancellationTokenSource(Limit, time);
        return await Task.WhenAll(
            CheckAsync("IPv4", AddressFamily.InterNetwork, IPAddress.Loopback, limit.Token),
            CheckAsync("IPv6", AddressFamily.InterNetworkV6, IPAddress.IPv6Loopback, limit.Token));
    }

    private async Task<CheckFinding> CheckAsync(string name, AddressFamily family, IPAddress loopback, CancellationToken cancellationToken)
    {
        if (ProbeTarget.Choose(options, family) is not { } target)
        {
            return new CheckFinding(CheckVerdict.Absent, $"{name}: these options redirect nothing of it.");
        }

        if (RouteProblem(target) is { } problem)
        {
            return new CheckFinding(CheckVerdict.Absent, $"{name}: no route to {target.Address} ({problem}), and the kernel comes to the rules only behind the route.");
        }

        using var listener = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(loopback, options.OutboundPort));
            listener.Listen();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return await AskListenerAsync(name, target, cancellationToken);
        }
        catch (SocketException e)
        {
            return new CheckFinding(CheckVerdict.Failed, $"{name}: cannot listen on {new IPEndPoint(loopback, options.OutboundPort)}, where redirected connections arrive: {e.Message}. Is the interface lo up?");
        }

        return await ListenAsync(name, target, listener, cancellationToken);
    }

    private async Task<CheckFinding> AskListenerAsync(string name, IPEndPoint target, CancellationToken cancellationToken)
    {
        using var client = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        return await ConnectAsync(client, target, cancellationToken) is { } problem
            ? NotRedirected(name, target, problem)
            : new CheckFinding(CheckVerdict.Proven, $"{name}: a connection to {target}, where nothing is, was accepted; port {options.OutboundPort} is in use, by the proxy it seems.");
    }

    private async Task<CheckFinding> ListenAsync(string name, IPEndPoint target, Socket listener, CancellationToken cancellationToken)
    {
        using var client = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (await ConnectAsync(client, target, cancellationToken) is { } problem)
        {
            return NotRedirected(name, target, problem);
        }

        using var arrival = new CancellationTokenSource(ArrivalLimit, time);
        try
        {
            // The application may be there already: its connections arrive here too, and are dropped.
            while (true)
            {
                using var accepted = await listener.AcceptAsync(arrival.Token);
                if (Equals(accepted.RemoteEndPoint, client.LocalEndPoint))
                {
                    var original = OriginalDestination.Of(accepted);
                    return Equals(original, target)
                        ? new CheckFinding(CheckVerdict.Proven, $"{name}: a connection to {target} arrived at {listener.LocalEndPoint} with its original destination.")
                        : NotRedirected(name, target, $"it arrived at {listener.LocalEndPoint}, but with the original destination {original?.ToString() ?? "missing"}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            return NotRedirected(name, target, $"it was accepted, but not at {listener.LocalEndPoint}: something else answers for this address, or the rules name another port");
        }
    }

    private static CheckFinding NotRedirected(string name, IPEndPoint target, string observed) =>
        new(CheckVerdict.Failed, $"{name}: a connection to {target} was not redirected: {observed}.");

    // Returns what went wrong, null when the connection was accepted.
    private static async Task<string?> ConnectAsync(Socket client, IPEndPoint target, CancellationToken cancellationToken)
    {
        try
        {
            await client.ConnectAsync(target, cancellationToken);
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException)
        {
            return $"nothing answered within {Limit.TotalSeconds:0} s";
        }
    }

    // Connecting a datagram socket asks for the route and sends nothing.
    private static string? RouteProblem(IPEndPoint target)
    {
        try
        {
            using var socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(target);
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }
}
