using Sidecar.Proxy.Commands;
using Sidecar.Proxy.Startup;

namespace Sidecar.Proxy.Tests.Commands;

public sealed class SignalRelayTests : IDisposable
{
    private readonly SignalRelay _relay = new();
    private readonly List<ProxySignal> _received = [];

    public void Dispose() => _relay.Dispose();

    [Fact]
    public void Receive_Connected_HandsOver()
    {
        _relay.Connect(_received.Add);

        _relay.Receive(ProxySignal.Reload);
        _relay.Receive(ProxySignal.Terminate);
        _relay.Receive(ProxySignal.Reload);

        Assert.Equal([ProxySignal.Reload, ProxySignal.Terminate, ProxySignal.Reload], _received);
        Assert.False(_relay.Impatient.IsCompleted);
    }

    [Theory]
    [InlineData(ProxySignal.Terminate, ProxySignal.Terminate)]
    [InlineData(ProxySignal.Terminate, ProxySignal.Interrupt)]
    [InlineData(ProxySignal.Interrupt, ProxySignal.Terminate)]
    public void Receive_SecondEnd_IsImpatientAndNotHandedOver(ProxySignal first, ProxySignal second)
    {
        _relay.Connect(_received.Add);

        _relay.Receive(first);
        Assert.False(_relay.Impatient.IsCompleted);
        _relay.Receive(second);

        Assert.True(_relay.Impatient.IsCompleted);
        Assert.Equal([first], _received);
    }

    [Fact]
    public void Receive_EndBeforeTheStart_CancelsTheStart()
    {
        _relay.Receive(ProxySignal.Terminate);

        Assert.True(_relay.StartCancelled.IsCancellationRequested);
    }

    [Fact]
    public void Connect_EndCameBefore_IsHandedOver()
    {
        _relay.Receive(ProxySignal.Terminate);
        _relay.Receive(ProxySignal.Reload);

        _relay.Connect(_received.Add);

        Assert.Equal([ProxySignal.Terminate], _received);
    }

    [Fact]
    public void Receive_ReloadBeforeTheStart_IsKept()
    {
        _relay.Receive(ProxySignal.Reload);
        Assert.False(_relay.StartCancelled.IsCancellationRequested);

        _relay.Connect(_received.Add);

        Assert.Equal([ProxySignal.Reload], _received);
    }
}
