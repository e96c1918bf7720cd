using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Floor;

/// <summary>
/// One process, one way of carrying a request: sidecar-floor MODE PORT UPSTREAM-PORT COUNTER-PORT. loadtests/README.md says what each mode shows.
/// </summary>
internal static class Program
{
    private const string Usage = "sidecar-floor yarp|yarp-raw|kestrel|raw-upstream|raw-both|relay PORT UPSTREAM-PORT COUNTER-PORT";

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [var mode, var port, var upstreamPort, var counterPort])
        {
            Console.Error.WriteLine(Usage);
            return 64;
        }

        // As the product sets them (Commands/EventLoops.cs); read when the first socket is made.
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1");
        var listen = Loopback(port);
        var upstream = Loopback(upstreamPort);
        var counting = ServeCountersAsync(Loopback(counterPort));
        switch (mode)
        {
            case "yarp":
                await KestrelModes.RunAsync(listen, KestrelModes.Yarp(upstream, KestrelModes.PlatformClient()));
                break;
            case "yarp-raw":
                await KestrelModes.RunAsync(listen, KestrelModes.Yarp(upstream, new RawInvoker(new UpstreamPool(upstream))));
                break;
            case "kestrel":
                await KestrelModes.RunAsync(listen, KestrelModes.Answer);
                break;
            case "raw-upstream":
                var pool = new UpstreamPool(upstream);
                await KestrelModes.RunAsync(listen, _ => context => RawUpstream.ForwardAsync(context, pool));
                break;
            case "raw-both":
                var connections = new UpstreamPool(upstream);
                await AcceptAsync(listen, caller => RawProxy.ServeAsync(caller, connections));
                break;
            case "relay":
                await AcceptAsync(listen, caller => Relay.ServeAsync(caller, upstream));
                break;
            default:
                Console.Error.WriteLine(Usage);
                return 64;
        }

        await counting;
        return 0;
    }

    private static IPEndPoint Loopback(string port) => new(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture));

    private static async Task AcceptAsync(IPEndPoint address, Func<Socket, Task> serve)
    {
        using var listener = Listen(address);
        while (true)
        {
            var caller = await listener.AcceptAsync();
            caller.NoDelay = true;
            _ = CloseAfterAsync(caller, serve(caller));
        }
    }

    // No features: whatever went wrong, the connection is closed, and the load generator says that a request failed.
    private static async Task CloseAfterAsync(Socket caller, Task serving)
    {
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        caller.Dispose();
    }

    /// <summary>Whoever connects is told the bytes allocated since the start, and nothing else.</summary>
    private static async Task ServeCountersAsync(IPEndPoint address)
    {
        using var listener = Listen(address);
        while (true)
        {
            using var asker = await listener.AcceptAsync();
            await asker.SendAsync(System.Text.Encoding.ASCII.GetBytes(GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture)));
        }
    }

    private static Socket Listen(IPEndPoint address)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(address);
        listener.Listen(4096);
        return listener;
    }
}
