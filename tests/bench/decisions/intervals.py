"""How sure is k of n? Clopper and Pearson's exact 95 % interval."""

from dataclasses import dataclass

from scipy.stats import beta


@dataclass(frozen=True, slots=True)
class Share:
    """k of n."""

    k: int
    n: int

    @property
    def value(self) -> float:
        """NaN of nothing."""
        return self.k / self.n if self.n else float("nan")

    @property
    def low(self) -> float:
        """Lower bound of the 95 % interval."""
        return float(beta.ppf(0.025, self.k, self.n - self.k + 1)) if self.k else 0.0

    @property
    def high(self) -> float:
        """Upper bound."""
        return float(beta.ppf(0.975, self.k + 1, self.n - self.k)) if self.k < self.n else 1.0

    def __str__(self) -> str:
        """`297/300 (97.1-99.8 %)`."""
        return f"{self.k}/{self.n} ({100 * self.low:.1f}-{100 * self.high:.1f} %)"
