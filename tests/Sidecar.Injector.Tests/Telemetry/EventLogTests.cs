using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Configuration.Effective;
using Sidecar.Injector.Telemetry;
using Sidecar.TestKit;
using Sidecar.TestKit.Network;

namespace Sidecar.Injector.Tests.Telemetry;

public sealed class EventLogTests
{
    [Fact]
    public async Task Write_HostileText_IsOneLineOfJson()
    {
        using var output = new MemoryStream();
        await using (var log = new EventLog(output, TimeProvider.System))
        {
            log.Write(LogSeverity.Warn, InjectorEvents.PodSkipped, ("pod", "a\"}\n{\u001b[31m\uD800"), ("detail", null), ("long", new string('x', 5000)));
        }

        var line = Assert.Single(Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain('\u001b', line);
        var fields = JsonNode.Parse(line)!.AsObject();
        Assert.Equal(["ts", "level", "event", "pod", "long"], fields.Select(static field => field.Key));
        Assert.True(line.Length < 2000);
    }

    [Fact]
    public async Task Write_NobodyReads_LosesLinesAndBlocksNobody()
    {
        using var output = new BlockedStream();
        var time = new ManualTimeProvider();
        var log = new EventLog(output, time);

        for (var line = 0; line < 3000; line++)
        {
            log.Write(LogSeverity.Info, InjectorEvents.PodInjected);
        }

        Assert.InRange(log.LostLines, 1900, 2999);
        output.Release.SetResult();
        await Patience.Await(log.DisposeAsync().AsTask(), "the rest is written");
        Assert.Contains("log-lines-lost", Encoding.UTF8.GetString(output.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Events_AreAClosedList() => Assert.Equal(
        typeof(InjectorEvents).GetFields(BindingFlags.Public | BindingFlags.Static).Where(static field => field.IsLiteral).Select(static field => (string)field.GetRawConstantValue()!).Order(),
        InjectorEvents.All.Order());

    [Fact]
    public void Sample_HostileLabel_IsEscaped()
    {
        var text = new MetricText();

        text.Sample("a", 1.5, ("b", "x\"\\\n"));

        Assert.Equal("a{b=\"x\\\"\\\\\\n\"} 1.5\n", text.ToString());
    }

    private sealed class BlockedStream : MemoryStream
    {
        public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Release.Task;
            Write(buffer.Span);
        }
    }
}
