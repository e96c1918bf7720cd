using Sidecar.Injector.Certificates;

namespace Sidecar.Injector.Tests.Certificates;

public class CertificatePlanTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly CertificateLifetimes Lifetimes = CertificateLifetimes.Default;
    private static readonly CertificatePlan Plan = new(["a.b.svc", "a"], Lifetimes);

    [Fact]
    public void Next_Empty_MakesAuthorityThenCertificateThenRests()
    {
        var steps = new List<CertificateStep>();

        var made = Plan.Complete(StoredCertificates.Empty, Nobody, Start, steps.Add);

        Assert.Equal([CertificateStep.MakeAuthority, CertificateStep.IssueServing], steps);
        Assert.Equal(CertificateStep.Nothing, Plan.Next(made, Nobody, Start));
        Assert.Equal(["a.b.svc", "a"], made.Serving!.Names.AsEnumerable());
        Assert.True(made.Serving.IsIssuedBy(made.Authorities));
        Assert.Equal(Start + TimeSpan.FromDays(90), made.Serving.NotAfter);
        Assert.Equal(Start + TimeSpan.FromDays(730), made.Authority!.NotAfter);
    }

    [Theory]
    [InlineData(59, CertificateStep.Nothing)]
    [InlineData(61, CertificateStep.IssueServing)]
    [InlineData(89, CertificateStep.IssueServing)]
    [InlineData(91, CertificateStep.IssueServing)]
    [InlineData(480, CertificateStep.IssueServing)]
    [InlineData(490, CertificateStep.MakeAuthority)]
    [InlineData(800, CertificateStep.MakeAuthority)]
    public void Next_AfterDays_Is(int days, CertificateStep expected)
    {
        var made = Plan.Complete(StoredCertificates.Empty, Nobody, Start);

        Assert.Equal(expected, Plan.Next(made, Everybody, Start + TimeSpan.FromDays(days)));
    }

    [Fact]
    public void Next_NewAuthority_IssuesOnlyOnceItIsTrusted()
    {
        var old = At(0, StoredCertificates.Empty, Nobody);
        old = At(440, old, Nobody);

        var rotated = At(490, old, Nobody);

        Assert.Equal(2, rotated.Authorities.Length);
        Assert.NotEqual(old.Authority, rotated.Authority);
        Assert.Equal(old.Serving, rotated.Serving);
        Assert.Equal(CertificateStep.Nothing, Plan.Next(rotated, Nobody, Day(490)));
        Assert.Equal(CertificateStep.IssueServing, Plan.Next(rotated, rotated.Authority!.Equals, Day(490)));
        Assert.Equal(CertificateStep.Nothing, Plan.Next(rotated, old.Authority!.Equals, Day(528)));
        Assert.Equal(CertificateStep.IssueServing, Plan.Next(rotated, old.Authority!.Equals, Day(529.5)));
    }

    [Fact]
    public void Next_OldAuthority_IsTrustedUntilNoCertificateOfItIsValid()
    {
        var rotated = At(490, At(489, At(480, At(0, StoredCertificates.Empty, Nobody), Nobody), Everybody), Everybody);
        Assert.Equal(2, rotated.Authorities.Length);
        Assert.True(rotated.Serving!.IsIssuedBy([rotated.Authority!]));

        Assert.Equal(2, At(489 + 55, rotated, Everybody).Authorities.Length);

        var later = At(489 + 60, rotated, Everybody);
        Assert.Equal(2, At(489 + 90, later, Everybody).Authorities.Length);
        Assert.Equal([later.Authority!], At(489 + 92, later, Everybody).Authorities.AsEnumerable());
    }

    [Fact]
    public void Next_NameMissing_IssuesAgain()
    {
        var made = Plan.Complete(StoredCertificates.Empty, Nobody, Start);

        Assert.Equal(CertificateStep.IssueServing, new CertificatePlan(["a.b.svc", "other"], Lifetimes).Next(made, Nobody, Start));
    }

    [Fact]
    public void Next_ClockBehind_IsNoReasonWithinItsSkew()
    {
        var made = Plan.Complete(StoredCertificates.Empty, Nobody, Start);

        Assert.Equal(CertificateStep.Nothing, Plan.Next(made, Nobody, Start - TimeSpan.FromMinutes(59)));
    }

    [Theory]
    [InlineData(StoredCertificates.AuthoritiesKey, CertificateStep.MakeAuthority)]
    [InlineData(StoredCertificates.AuthorityPrivateKey, CertificateStep.MakeAuthority)]
    [InlineData(StoredCertificates.ServingKey, CertificateStep.IssueServing)]
    [InlineData(StoredCertificates.ServingPrivateKey, CertificateStep.IssueServing)]
    public void Next_ValueMissingOrBrokenOrAnothers_IsMadeAnew(string key, CertificateStep expected)
    {
        var made = Plan.Complete(StoredCertificates.Empty, Nobody, Start);
        var other = Plan.Complete(StoredCertificates.Empty, Nobody, Start).Write().ToDictionary();
        var pem = made.Write().ToDictionary()[key];
        foreach (var value in new[] { null, "", "nonsense", pem[..(pem.Length / 2)], pem.Replace('A', 'B'), other[key], new string('x', 300_000) })
        {
            var data = made.Write().ToDictionary();
            data.Remove(key);
            if (value is not null)
            {
                data[key] = value;
            }

            var read = StoredCertificates.Read(data);

            Assert.Equal(expected, Plan.Next(read, Nobody, Start));
            var mended = Plan.Complete(read, Nobody, Start);
            Assert.True(mended.Serving!.IsIssuedBy(mended.Authorities));
            Assert.Equal(CertificateStep.Nothing, Plan.Next(mended, Nobody, Start));
        }
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        var made = At(490, At(0, StoredCertificates.Empty, Nobody), Everybody);

        var read = StoredCertificates.Read(made.Write().ToDictionary());

        Assert.Equal(made.Authorities.AsEnumerable(), read.Authorities);
        Assert.Equal(made.Authority, read.Authority);
        Assert.Equal(made.Serving, read.Serving);
        Assert.Equal(made.ServingKeyPem, read.ServingKeyPem);
    }

    [Fact]
    public void With_ManyAuthorities_KeepsABoundAndTheNewOne()
    {
        var stored = StoredCertificates.Empty;
        for (var i = 0; i < 12; i++)
        {
            // Each a little older than the one before: order alone would drop the newest made.
            stored = stored.With(CertificateMaker.Authority(Start - TimeSpan.FromDays(i), Lifetimes));
            Assert.Contains(stored.Authority, stored.Authorities);
        }

        Assert.Equal(StoredCertificates.MaxAuthorities, stored.Authorities.Length);
    }

    private static DateTimeOffset Day(double days) => Start + TimeSpan.FromDays(days);

    private static StoredCertificates At(double days, StoredCertificates stored, Func<CertificateFacts, bool> isSettled) => Plan.Complete(stored, isSettled, Day(days));

    private static bool Nobody(CertificateFacts authority) => false;

    private static bool Everybody(CertificateFacts authority) => true;
}
