using Sidecar.LoadGen.Backend;

namespace Sidecar.LoadGen.Tests.Backend;

/// <summary>The account that says whether a request was duplicated: if it forgets one, the zero of the result means nothing.</summary>
public sealed class RequestAccountTests
{
    [Fact]
    public void Sum_EveryCourse_IsCountedInItsFields()
    {
        var account = new RequestAccount(10);
        Arrive(account, 0, isRepeatable: false, begun: 1, processed: 1);
        Arrive(account, 1, isRepeatable: false, begun: 1, processed: 0);
        Arrive(account, 2, isRepeatable: false, begun: 2, processed: 1);
        Arrive(account, 3, isRepeatable: false, begun: 3, processed: 2);
        Arrive(account, 4, isRepeatable: true, begun: 2, processed: 2);

        Assert.Equal(new RequestAccountSum(Begun: 4, BegunAgain: 2, Processed: 3, ProcessedAgain: 1), account.Sum(isRepeatable: false));
        Assert.Equal(new RequestAccountSum(Begun: 1, BegunAgain: 1, Processed: 1, ProcessedAgain: 1), account.Sum(isRepeatable: true));
    }

    [Fact]
    public void Sum_ManyThreads_LosesNothing()
    {
        var account = new RequestAccount(1000);
        Parallel.For(0, 2000, number => Arrive(account, number / 2, isRepeatable: false, begun: 1, processed: 1));

        Assert.Equal(new RequestAccountSum(1000, 1000, 1000, 1000), account.Sum(isRepeatable: false));
    }

    private static void Arrive(RequestAccount account, int number, bool isRepeatable, int begun, int processed)
    {
        for (var i = 0; i < begun; i++)
        {
            account.Begin(number, isRepeatable);
        }

        for (var i = 0; i < processed; i++)
        {
            account.Process(number);
        }
    }
}
