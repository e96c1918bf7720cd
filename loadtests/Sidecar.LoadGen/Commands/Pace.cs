using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Recording;

namespace Sidecar.LoadGen.Commands;

/// <summary>Takes the machine's pace until its input ends, for measures that are not made by this generator.</summary>
internal static class Pace
{
    private const long Millisecond = 1_000_000;

    /// <summary>Prints the slow stretches, a line each: from and to, nanoseconds of the monotonic clock.</summary>
    public static int Run(Arguments given)
    {
        given.RejectUnknown();
        using var reactor = new EpollReactor(TimeSpan.Zero);
        var isOver = false;
        new Thread(() =>
        {
            Console.In.ReadToEnd();
            reactor.Post(() => isOver = true);
        })
        { IsBackground = true, Name = "until the input ends" }.Start();

        foreach (var (from, to) in Watch(reactor, () => isOver).Stretches)
        {
            Console.WriteLine($"{from} {to}");
        }

        return 0;
    }

    internal static MachinePace Watch(IReactor reactor, Func<bool> isOver)
    {
        var pace = new MachinePace(TimeSpan.Zero);
        var probe = new PaceProbe(reactor, pace);
        while (!isOver())
        {
            probe.Take();
            var next = reactor.Now + Millisecond;
            while (reactor.Now < next && !isOver())
            {
                reactor.Wait(next);
            }
        }

        return pace;
    }
}
