using System.Net;
using System.Net.Sockets;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Commands.Demo;

/// <summary>The demo's stage: upstream, proxy, and a directory with its configuration and log; gone when disposed.</summary>
public sealed class DemoSite : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly DemoUpstream _upstream;
    private readonly Stream _log;

    private DemoSite(DirectoryInfo directory, DemoUpstream upstream, Stream log, DemoPorts ports, RunningProxy proxy)
    {
        (_directory, _upstream, _log) = (directory, upstream, log);
        (Ports, Proxy) = (ports, proxy);
    }

    /// <summary>Where everything listens.</summary>
    public DemoPorts Ports { get; }

    /// <summary>The proxy.</summary>
    public RunningProxy Proxy { get; }

    /// <summary>The document it runs on.</summary>
    public string ConfigFile => Path.Combine(_directory.FullName, "sidecar.yaml");

    /// <summary>The proxy's JSON lines, when they are not on standard output.</summary>
    public string LogFile => Path.Combine(_directory.FullName, "proxy.log");

    /// <summary>Builds it.</summary>
    public static async Task<DemoSite> StartAsync(DemoScript script, CommandEnvironment environment, bool areLogsShown, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("sidecar-demo-");
        var log = areLogsShown ? Stream.Null : new FileStream(Path.Combine(directory.FullName, "proxy.log"), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        DemoUpstream? upstream = null;
        try
        {
            upstream = await DemoUpstream.StartAsync(script, environment.Time, cancellationToken);
            var ports = FreePorts(upstream.Port);
            var config = Path.Combine(directory.FullName, "sidecar.yaml");
            await File.WriteAllTextAsync(config, DemoDocument.Write(ports), cancellationToken);
            var host = areLogsShown ? environment.HostEnvironment : environment.HostEnvironment with { Output = log, Error = TextWriter.Null };
            var proxy = await environment.Start(new RunOptions([config], [], null, null, [], null, OnInvalid.Exit), host, cancellationToken);
            return new DemoSite(directory, upstream, log, ports, proxy);
        }
        catch
        {
            await CleanAsync(directory, upstream, log);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => CleanAsync(_directory, _upstream, _log);

    // Held open together, so that they differ; another process could take one before the proxy does, which then fails
    // to start with a message that says so.
    private static DemoPorts FreePorts(int upstream)
    {
        var listeners = Enumerable.Range(0, 3).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        try
        {
            var ports = Array.ConvertAll(listeners, listener =>
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            });
            return new DemoPorts(upstream, ports[0], ports[1], ports[2]);
        }
        finally
        {
            Array.ForEach(listeners, listener => listener.Dispose());
        }
    }

    private static async ValueTask CleanAsync(DirectoryInfo directory, DemoUpstream? upstream, Stream log)
    {
        if (upstream is not null)
        {
            await upstream.DisposeAsync();
        }

        await log.DisposeAsync();
        directory.Delete(recursive: true);
    }
}
