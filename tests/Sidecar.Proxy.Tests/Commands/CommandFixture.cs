using System.Text;
using Sidecar.Proxy.Commands;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Tests.Configuration;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Commands;

/// <summary>The command line without a process: what it printed, what it started, and a hand on its signals.</summary>
internal sealed class CommandFixture
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public ManualTimeProvider Time { get; } = new();

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    public string Input { get; set; } = "";

    public bool IsTerminal { get; set; }

    public LoadConfiguration Load { get; set; } = (_, _) => TestConfigurations.Accepted();

    public CheckConfiguration Check { get; set; } = _ => [];

    public StartProxy Start { get; set; } = (_, _, _) => throw new InvalidOperationException("nothing should be started");

    public Action<ProxySignal>? Signal { get; private set; }

    public Task<int> RunAsync(params string[] arguments) => SidecarCommandLine.RunAsync(
        arguments,
        new CommandEnvironment(
            Stream.Null,
            _output,
            _error,
            new MemoryStream(Encoding.UTF8.GetBytes(Input)),
            IsTerminal,
            Time,
            new SeededRandom(1),
            (sources, overrides) => Load(sources, overrides),
            configuration => Check(configuration),
            _ => "{ \"effective\": true }\n",
            () => "{ \"schema\": true }\n",
            (options, environment, cancellationToken) => Start(options, environment, cancellationToken),
            receive =>
            {
                Signal = receive;
                return new Registration();
            }),
        CancellationToken.None);

    /// <summary>Returns when the command waits between two questions: no request, so no request's timeout, is under way.</summary>
    public async Task PauseAsync(Task<int> command)
    {
        // The one timer may be a request's that ends between the two looks: then there is none, and the wait has not begun.
        while (!command.IsCompleted && !(Time.ActiveTimers == 1 && Time.NextDueIn <= TimeSpan.FromSeconds(1)))
        {
            await Task.Yield();
        }
    }

    private sealed class Registration : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
