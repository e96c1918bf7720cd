namespace Sidecar.Proxy.Tests.Pooling;

/// <summary>Pools belong to threads: what another test left on this one must not be seen, nor the runner's own scheduling.</summary>
internal static class OwnThread
{
    public static void Run(Action act)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                act();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.True(failure is null, failure?.ToString());
    }
}
