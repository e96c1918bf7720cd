namespace Sidecar.TestKit.Network;

/// <summary>
/// How long a test waits for something that must happen. It is no measurement: it only turns a hang into a failure,
/// so it is generous and never tuned.
/// </summary>
public static class Patience
{
    /// <summary>The one limit.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits, or fails naming what did not happen.</summary>
    public static async Task<T> Await<T>(Task<T> task, string what)
    {
        await Await((Task)task, what);
        return await task;
    }

    /// <summary>Waits, or fails naming what did not happen.</summary>
    public static async Task Await(Task task, string what)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new TimeoutException($"Did not happen within {Limit.TotalSeconds:0} s: {what}.");
        }
    }

    /// <summary>
    /// Polls a condition that has no event to wait for (a counter of another process). Where there is an event, wait
    /// for the event.
    /// </summary>
    public static async Task Eventually(Func<Task<bool>> condition, string what)
    {
        var deadline = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        while (!await condition())
        {
            if (Environment.TickCount64 > deadline)
            {
                throw new TimeoutException($"Did not become true within {Limit.TotalSeconds:0} s: {what}.");
            }

            await Task.Delay(20);
        }
    }
}
