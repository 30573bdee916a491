"""What a policy may have done: which action answers which verdict, on whose authority, and how often."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from andon.api.decision import Action, Authority, WriteBackMode
from andon.api.types import ApiModel, Between, Duration

OnData = Literal[Action.QUARANTINE, Action.ALERT, Action.HOLD]
OnModel = Literal[Action.ROLLBACK, Action.PROPOSE, Action.ALERT, Action.HOLD]
OnPlant = Literal[Action.RETRAIN, Action.PROPOSE, Action.ALERT, Action.HOLD]
OnBenign = Literal[Action.PROPOSE, Action.ALERT, Action.HOLD]


class Actions(ApiModel):
    """What each verdict asks for."""

    data_fault: Annotated[
        OnData, Field(alias="DataFault", description="A tag cannot be believed: its rows are kept from training and evidence.")
    ] = Action.QUARANTINE
    model_regression: Annotated[
        OnModel, Field(alias="ModelRegression", description="The revision is worse than the one before it on the same rows.")
    ] = Action.ROLLBACK
    concept_drift: Annotated[
        OnPlant, Field(alias="ConceptDrift", description="The inputs are as ever, and what they mean is not.")
    ] = Action.RETRAIN
    harmful_shift: Annotated[
        OnPlant, Field(alias="HarmfulShift", description="The plant has moved, and the model errs more there.")
    ] = Action.RETRAIN
    benign_shift: Annotated[
        OnBenign, Field(alias="BenignShift", description="The plant has moved, and the model does as well there.")
    ] = Action.PROPOSE


class Authorities(ApiModel):
    """On whose word an action is taken: `Advise` only says, `Confirm` asks and then acts, `Act` acts and then says."""

    quarantine: Annotated[Authority, Field(alias="Quarantine", description="Keeping rows from training.")] = Authority.ACT
    rollback: Annotated[Authority, Field(alias="Rollback", description="Serving the revision before.")] = Authority.ACT
    retrain: Annotated[Authority, Field(alias="Retrain", description="Training anew.")] = Authority.CONFIRM

    def of(self, action: Action) -> Authority:
        """A proposal asks and an alert says, whatever the policy allows."""
        known = {Action.QUARANTINE: self.quarantine, Action.ROLLBACK: self.rollback, Action.RETRAIN: self.retrain}
        return known.get(action, Authority.CONFIRM if action is Action.PROPOSE else Authority.ADVISE)


class WriteBacks(ApiModel):
    """How git is told of each action that changes a line there."""

    rollback: Annotated[
        WriteBackMode, Field(alias="Rollback", description="`Commit` onto the synced branch, or a branch for a `PullRequest`.")
    ] = WriteBackMode.COMMIT


class Allowance(ApiModel):
    """So many in such a time."""

    max: Annotated[int, Between(0, 1000), Field(description="The most there may be; 0 allows none.")]
    per: Annotated[Duration, Field(description="In this time, counted back from now.")]


class Budget(ApiModel):
    """How often actions may be taken, counted from what was done, so that a policy made anew has no fresh budget."""

    rollbacks: Annotated[Allowance, Field(description="Of Rollback.")] = Allowance(max=2, per="7d")
    retrains: Annotated[Allowance, Field(description="Of Retrain.")] = Allowance(max=1, per="1d")


class Unseen(StrEnum):
    """What to do while nothing can be seen. Rollback takes back a candidate under judgement, never what serves."""

    HOLD = "Hold"
    ALERT = "Alert"
    ROLLBACK = "Rollback"
