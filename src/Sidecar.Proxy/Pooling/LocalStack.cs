namespace Sidecar.Proxy.Pooling;

/// <summary>
/// Objects that a request needs and the next one can use again: a small stack for each thread, without a lock. What is
/// given back beyond its size, or by another thread than the one that takes, is left to the collector.
/// </summary>
/// <typeparam name="T">What is kept; a class of ours that resets itself.</typeparam>
internal static class LocalStack<T>
    where T : class
{
    // As many as requests wait on a busy event loop of a sidecar.
    private const int MostKept = 64;

    [ThreadStatic]
    private static T?[]? t_kept;

    [ThreadStatic]
    private static int t_count;

    /// <summary>One that was given back on this thread; null when there is none.</summary>
    public static T? TryTake()
    {
        if (t_count == 0)
        {
            return null;
        }

        ref var slot = ref t_kept![--t_count];
        var taken = slot;
        slot = null;
        return taken;
    }

    /// <summary>Nobody uses it any more.</summary>
    public static void GiveBack(T item)
    {
        if (t_count < MostKept)
        {
            (t_kept ??= new T?[MostKept])[t_count++] = item;
        }
    }
}
