using Sidecar.Proxy.Overload;

namespace Sidecar.Proxy.Tests.Overload;

public class DrainStateTests
{
    [Fact]
    public void Advance_OnlyEverForward()
    {
        var state = new DrainState();

        Assert.True(state.Advance(DrainPhase.Closing));
        Assert.False(state.Advance(DrainPhase.Accepting));
        Assert.False(state.Advance(DrainPhase.Closing));

        Assert.Equal(DrainPhase.Closing, state.Phase);
        Assert.True(state.IsDraining);
    }
}
