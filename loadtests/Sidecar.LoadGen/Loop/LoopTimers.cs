namespace Sidecar.LoadGen.Loop;

/// <summary>Lets asynchronous code on a loop's thread wait for a time, to the precision of the reactor.</summary>
public sealed class LoopTimers(IReactor reactor)
{
    private readonly PriorityQueue<TaskCompletionSource, long> _timers = new();

    /// <summary>The loop that this thread turns, if any.</summary>
    [field: ThreadStatic]
    public static LoopTimers? Current { get; private set; }

    /// <summary>What is waited on.</summary>
    public IReactor Reactor => reactor;

    /// <summary>Completes when the time has come; at once when it is over.</summary>
    public Task Until(long time)
    {
        if (reactor.Now >= time)
        {
            return Task.CompletedTask;
        }

        // Continues inline: the loop is the only thread, and a start is due now.
        var timer = new TaskCompletionSource();
        _timers.Enqueue(timer, time);
        return timer.Task;
    }

    /// <summary>Runs work to its end on this thread.</summary>
    public void Run(Func<Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var (context, current) = (SynchronizationContext.Current, Current);
        SynchronizationContext.SetSynchronizationContext(new LoopContext(reactor));
        Current = this;
        try
        {
            var task = work();
            while (!task.IsCompleted)
            {
                FireDue();
                if (!task.IsCompleted)
                {
                    reactor.Wait(_timers.TryPeek(out _, out var next) ? next : reactor.Now + 100_000_000);
                }
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            Current = current;
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private void FireDue()
    {
        while (_timers.TryPeek(out _, out var due) && due <= reactor.Now)
        {
            _timers.Dequeue().SetResult();
        }
    }
}
