namespace Sidecar.Proxy.FunctionalTests.Lifecycle;

/// <summary>What only an embedding program sees of the host.</summary>
public sealed class HostTests() : ProxySuite(ProxyKind.Managed)
{
    [Fact]
    public async Task Dispose_AfterTheEnd_IsHarmless()
    {
        using var closed = new ClosedPort();
        var proxy = (InProcessProxy)await StartAsync(TestDocument.To(closed.Address));

        proxy.Signal(TestSignal.Interrupt);
        await Patience.Await(proxy.ExitCode, "the proxy ends");

        await proxy.DisposeHostAsync();
        await proxy.DisposeHostAsync();
    }

    [Fact]
    public async Task Dispose_WhileServing_EndsWithZero()
    {
        using var closed = new ClosedPort();
        var proxy = (InProcessProxy)await StartAsync(TestDocument.To(closed.Address));

        await proxy.DisposeHostAsync();

        Assert.Equal(0, await Patience.Await(proxy.ExitCode, "the proxy ends"));
        await proxy.DisposeHostAsync();
    }
}
