namespace Sidecar.Proxy.FunctionalTests.Harness;

/// <summary>
/// A suite of tests that runs against every <see cref="ProxyKind"/>: one abstract class with the tests, one sealed
/// class per kind. Each test has its own proxy and upstreams; they are disposed in reverse order.
/// </summary>
public abstract class ProxySuite(ProxyKind kind) : IAsyncLifetime
{
    private readonly Stack<object> _owned = new();

    /// <summary>The build under test.</summary>
    protected ProxyKind Kind { get; } = kind;

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        while (_owned.TryPop(out var owned))
        {
            switch (owned)
            {
                case IAsyncDisposable resource:
                    await resource.DisposeAsync();
                    break;
                case IDisposable resource:
                    resource.Dispose();
                    break;
            }
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Disposes it after the test.</summary>
    protected T Own<T>(T resource)
        where T : notnull
    {
        _owned.Push(resource);
        return resource;
    }

    /// <summary>A directory that is deleted after the test.</summary>
    protected string TemporaryDirectory() => Own(new TestDirectory()).Path;

    /// <summary>Starts the proxy: in this process, or the native binary.</summary>
    protected Task<IProxyUnderTest> StartAsync(TestDocument document) => StartAsync(document.ToString());

    /// <summary>Starts the proxy: in this process, or the native binary.</summary>
    protected Task<IProxyUnderTest> StartAsync(string document) => StartAsync(new ProxyStart(document));

    /// <summary>Starts the proxy: in this process, or the native binary.</summary>
    protected async Task<IProxyUnderTest> StartAsync(ProxyStart start)
    {
        var file = start.ConfigurationFile ?? await WriteAsync(start.Document);
        return Own(Kind == ProxyKind.Native ? await ProcessProxy.StartAsync(Kind, start, file) : await InProcessProxy.StartAsync(start, file));
    }

    /// <summary>Starts the proxy as a process, whatever the kind.</summary>
    protected async Task<IProxyUnderTest> StartProcessAsync(ProxyStart start) =>
        Own(await ProcessProxy.StartAsync(Kind, start, await WriteAsync(start.Document)));

    /// <summary>Runs a command of the executable to its end.</summary>
    protected Task<CommandResult> RunAsync(params string[] arguments) => ProxyProcess.RunAsync(ProxyExecutable.PathOf(Kind), arguments);

    /// <summary>Starts a command that does not end by itself.</summary>
    protected ProxyProcess StartCommand(params string[] arguments) => Own(ProxyProcess.Start(ProxyExecutable.PathOf(Kind), arguments));

    /// <summary>Writes a document to a file of its own.</summary>
    protected async Task<string> WriteAsync(string document, string name = "sidecar.yaml")
    {
        var file = Path.Combine(TemporaryDirectory(), name);
        await File.WriteAllTextAsync(file, document);
        return file;
    }

    private sealed class TestDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("sidecar-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
