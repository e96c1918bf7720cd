namespace Sidecar.LoadGen.Backend;

/// <summary>
/// What an upstream has seen of numbered requests: how often each was begun (its head arrived) and processed (all of it did).
/// Any thread. Costs eight bytes a request.
/// </summary>
public sealed class RequestAccount
{
    private readonly int[] _begun;
    private readonly int[] _processed;
    private readonly bool[] _isRepeatable;

    /// <summary>Nothing has been seen.</summary>
    /// <param name="requests">Numbers below this one are counted.</param>
    public RequestAccount(int requests) => (_begun, _processed, _isRepeatable) = (new int[requests], new int[requests], new bool[requests]);

    /// <summary>The head of a request arrived.</summary>
    /// <param name="number">The caller's, one for each request.</param>
    /// <param name="isRepeatable">Does it say that it may be sent again?</param>
    public void Begin(int number, bool isRepeatable)
    {
        _isRepeatable[number] = isRepeatable;
        Interlocked.Increment(ref _begun[number]);
    }

    /// <summary>The whole of it arrived, which is when an application acts.</summary>
    public void Process(int number) => Interlocked.Increment(ref _processed[number]);

    /// <summary>The sums over the requests that may be repeated, or over those that may not.</summary>
    public RequestAccountSum Sum(bool isRepeatable)
    {
        var sum = new RequestAccountSum();
        for (var number = 0; number < _begun.Length; number++)
        {
            if (_begun[number] > 0 && _isRepeatable[number] == isRepeatable)
            {
                sum = new RequestAccountSum(
                    sum.Begun + 1, sum.BegunAgain + (_begun[number] > 1 ? 1 : 0),
                    sum.Processed + (_processed[number] > 0 ? 1 : 0), sum.ProcessedAgain + (_processed[number] > 1 ? 1 : 0));
            }
        }

        return sum;
    }
}

/// <summary>Requests by what happened to them; each is counted once in every field that fits.</summary>
/// <param name="Begun">Arrived, at least in part.</param>
/// <param name="BegunAgain">Arrived more than once, at least in part.</param>
/// <param name="Processed">Arrived whole.</param>
/// <param name="ProcessedAgain">Arrived whole more than once: duplicates.</param>
public readonly record struct RequestAccountSum(int Begun, int BegunAgain, int Processed, int ProcessedAgain);
