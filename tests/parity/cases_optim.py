"""The optimisers beside those of cases_training.py over 50 steps of the same problem, and learning rate schedules.

A schedule's record says how it is made and what rates (and momenta) its groups had before the first and after every
step. In "args" and "options" a table {"fn": NAME} stands for a function of functions.lua, {"schedule": [...]} for
another schedule."""

import torch

import cases_training as training
from codec import Exponents

FAMILY = "optim"
STEPS = 50

ADAPTIVE = [{"lr": 0.05}, {"lr": 0.02, "betas": [0.8, 0.95]}, {"lr": 0.05, "weight_decay": 0.1}, {"lr": 0.02, "eps": 1e-3},
            {"lr": 0.01, "maximize": True}, {}, {"lr": 0.05, "betas": [0.5, 0.9], "eps": 1e-2}]
OPTIMIZERS = [("Adamax", o) for o in ADAPTIVE + [{"lr": 0.2}, {"lr": 0.03, "weight_decay": 0.02}, {"lr": 0.1, "betas": [0.7, 0.99]}]]
for name, rate in (("NAdam", 0.2), ("RAdam", 1)):
    OPTIMIZERS += [(name, {**o, "lr": rate * o["lr"]} if "lr" in o else o)
                   for o in ADAPTIVE + [{"lr": 0.05, "weight_decay": 0.2, "decoupled_weight_decay": True}]]
OPTIMIZERS += [("NAdam", {"lr": 0.05, "momentum_decay": 0.1}), ("NAdam", {"lr": 0.03, "momentum_decay": 0, "weight_decay": 0.05})]
OPTIMIZERS += [("RAdam", {"lr": 0.3}), ("RAdam", {"lr": 0.1, "betas": [0.9, 0.8]})]
OPTIMIZERS += [("Adadelta", o) for o in (
    {}, {"lr": 0.5}, {"rho": 0.5}, {"rho": 0.95, "eps": 1e-3}, {"weight_decay": 0.1}, {"lr": 0.3, "maximize": True},
    {"eps": 1e-2}, {"lr": 2.0, "rho": 0.8}, {"lr": 0.7, "weight_decay": 0.02}, {"rho": 0.99, "eps": 1e-4})]
OPTIMIZERS += [("ASGD", o) for o in (
    {}, {"lr": 0.1}, {"lr": 0.1, "lambd": 0.05}, {"lr": 0.05, "alpha": 0.5}, {"lr": 0.1, "t0": 10}, {"lr": 0.05, "weight_decay": 0.1},
    {"lr": 0.01, "maximize": True}, {"lr": 0.2, "lambd": 0.01, "alpha": 1.0, "t0": 5}, {"lr": 0.02, "t0": 1}, {"lr": 0.1, "lambd": 0.0})]
OPTIMIZERS += [("Rprop", o) for o in (
    {}, {"lr": 0.005}, {"etas": [0.4, 1.1]}, {"step_sizes": [1e-3, 0.1]}, {"lr": 1e-3, "maximize": True}, {"lr": 0.1, "etas": [0.3, 1.5]},
    {"lr": 0.002, "step_sizes": [1e-4, 1]}, {"lr": 1e-4}, {"etas": [0.8, 1.05]}, {"lr": 0.03, "etas": [0.5, 1.01]})]
OPTIMIZERS += [("RMSprop", o) for o in (
    {}, {"lr": 0.02, "momentum": 0.9}, {"lr": 0.01, "centered": True}, {"lr": 0.02, "alpha": 0.9, "weight_decay": 0.1},
    {"lr": 0.005, "maximize": True}, {"lr": 0.01, "centered": True, "momentum": 0.5}, {"eps": 1e-3}, {"lr": 0.05, "alpha": 0.5},
    {"lr": 0.01, "weight_decay": 0.02, "centered": True}, {"lr": 0.002, "momentum": 0.99})]
OPTIMIZERS += [("Adagrad", o) for o in (
    {}, {"lr": 0.1}, {"lr": 0.1, "lr_decay": 0.1}, {"lr": 0.1, "weight_decay": 0.1}, {"lr": 0.1, "initial_accumulator_value": 0.5},
    {"lr": 0.05, "maximize": True}, {"lr": 0.2, "eps": 1e-3}, {"lr": 0.5}, {"lr": 0.3, "lr_decay": 0.01, "weight_decay": 0.01},
    {"lr": 0.1, "initial_accumulator_value": 0.1, "eps": 1e-6})]
OPTIMIZERS += [("Adafactor", o) for o in (
    {}, {"lr": 0.1}, {"lr": 0.3}, {"lr": 0.1, "weight_decay": 0.1}, {"lr": 0.05, "maximize": True}, {"lr": 0.1, "d": 2.0}, {"beta2_decay": -0.5},
    {"lr": 0.1, "eps": [1e-4, 1e-2]}, {"lr": 0.02, "beta2_decay": -1.0}, {"lr": 0.05, "d": 4.0, "weight_decay": 0.01})]
LBFGS = [{}, {"lr": 0.5}, {"max_iter": 5}, {"line_search_fn": "strong_wolfe"}, {"history_size": 3}, {"lr": 0.1, "max_iter": 1},
         {"line_search_fn": "strong_wolfe", "max_iter": 4}, {"line_search_fn": "strong_wolfe", "lr": 0.3, "history_size": 2},
         {"tolerance_change": 1e-3}, {"max_iter": 3, "max_eval": 2, "tolerance_grad": 1e-2}]

FUNCTIONS = {"half": lambda n: 0.5 ** n, "shrink": lambda n: 0.97, "inverse": lambda n: 1 / (1 + 0.2 * n), "flat": lambda n: 1.0,
             "saw": lambda x: 1 / (1 + x)}


class Fn(dict):
    def __init__(self, name):
        super().__init__(fn=name)


class Schedule(dict):
    """The description of a schedule, to be made on an optimiser."""

    def __init__(self, name, *args, **options):
        super().__init__(schedule=[name, list(args), options])

    def make(self, opt):
        name, args, options = self["schedule"]
        cls = getattr(torch.optim.lr_scheduler, name, None) or getattr(torch.optim.swa_utils, name)
        first = [] if name == "ChainedScheduler" else [opt]
        return cls(*first, *[made(a, opt) for a in args], **{k: made(v, opt) for k, v in options.items()})


def made(value, opt):
    if isinstance(value, Fn):
        return FUNCTIONS[value["fn"]]
    if isinstance(value, Schedule):
        return value.make(opt)
    if isinstance(value, list):
        return [made(v, opt) for v in value]
    return value


S = Schedule
SCHEDULES = [
    S("LambdaLR", Fn("half")), S("LambdaLR", [Fn("half"), Fn("inverse")]), S("LambdaLR", Fn("inverse")),
    S("MultiplicativeLR", Fn("shrink")), S("MultiplicativeLR", [Fn("shrink"), Fn("flat")]),
    S("StepLR", 7), S("StepLR", 3, 0.5), S("StepLR", 1, gamma=0.9), S("StepLR", 60),
    S("MultiStepLR", [5, 12, 30]), S("MultiStepLR", [3, 3, 20], gamma=0.5), S("MultiStepLR", [0, 8], 0.3),
    S("ConstantLR"), S("ConstantLR", 0.5, 10), S("ConstantLR", factor=0.25, total_iters=1), S("ConstantLR", total_iters=100),
    S("LinearLR"), S("LinearLR", 0.1, 0.8, 20), S("LinearLR", start_factor=1.0, end_factor=0.2, total_iters=40),
    S("LinearLR", 0.5, total_iters=80),
    S("ExponentialLR", 0.9), S("ExponentialLR", 0.5), S("ExponentialLR", 1.01),
    S("PolynomialLR"), S("PolynomialLR", 30, 2.0), S("PolynomialLR", total_iters=60, power=0.5),
    S("CosineAnnealingLR", 10), S("CosineAnnealingLR", 50, 0.001), S("CosineAnnealingLR", 7, eta_min=0.01), S("CosineAnnealingLR", 1),
    S("CosineAnnealingWarmRestarts", 10), S("CosineAnnealingWarmRestarts", 5, 2), S("CosineAnnealingWarmRestarts", 3, 3, 0.001),
    S("OneCycleLR", 0.5, total_steps=50), S("OneCycleLR", [0.5, 0.1], epochs=5, steps_per_epoch=10, pct_start=0.4),
    S("OneCycleLR", 0.3, total_steps=60, anneal_strategy="linear"), S("OneCycleLR", 0.3, total_steps=50, three_phase=True),
    S("OneCycleLR", 0.3, total_steps=55, cycle_momentum=False, div_factor=10.0, final_div_factor=100.0),
    S("OneCycleLR", 0.4, total_steps=50, base_momentum=0.7, max_momentum=[0.9, 0.99]),
    S("CyclicLR", 0.01, 0.2, 5), S("CyclicLR", 0.01, 0.2, step_size_up=4, step_size_down=8, mode="triangular2"),
    S("CyclicLR", [0.01, 0.02], [0.3, 0.1], 6, mode="exp_range", gamma=0.97), S("CyclicLR", 0.01, 0.2, 5, cycle_momentum=False),
    S("CyclicLR", 0.01, 0.2, 5, scale_fn=Fn("saw"), scale_mode="iterations"), S("CyclicLR", 0.01, 0.2, 5, scale_fn=Fn("saw")),
    S("ReduceLROnPlateau"), S("ReduceLROnPlateau", patience=2), S("ReduceLROnPlateau", "max", 0.5, 1, cooldown=3),
    S("ReduceLROnPlateau", patience=0, factor=0.3, threshold=0.05, threshold_mode="abs", min_lr=[0.001, 0.01]),
    S("ReduceLROnPlateau", mode="max", patience=3, threshold=0.2, threshold_mode="abs", eps=1e-3),
    S("SequentialLR", [S("ConstantLR", 0.1, 20), S("ExponentialLR", 0.9)], [10]),
    S("SequentialLR", [S("LinearLR", 0.2, total_iters=5), S("CosineAnnealingLR", 20), S("StepLR", 4)], [5, 30]),
    S("SequentialLR", [S("LinearLR", 0.2, total_iters=5), S("CosineAnnealingWarmRestarts", 6, 2)], milestones=[8]),
    S("SequentialLR", [S("PolynomialLR", 10), S("ConstantLR", 0.5, 5), S("MultiStepLR", [4, 9])], [6, 20]),
    S("ChainedScheduler", [S("ConstantLR", 0.1, 4), S("ExponentialLR", 0.9)]),
    S("ChainedScheduler", [S("LinearLR", 0.3, total_iters=10), S("StepLR", 6, 0.5), S("PolynomialLR", 80)]),
    S("ChainedScheduler", [S("CosineAnnealingLR", 15), S("MultiplicativeLR", Fn("shrink"))]),
    S("SWALR", 0.01), S("SWALR", 0.02, 5, "linear"), S("SWALR", [0.5, 0.001], anneal_epochs=20), S("SWALR", 0.03, anneal_epochs=0),
]


def metric(step):
    """What ReduceLROnPlateau watches: falls, with a wobble, and stops."""
    return round(max(1.0 - 0.08 * step, 0.2) + 0.03 * ((step * 7) % 5), 6)


def schedule_record(k, schedule, name, options):
    w = [torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)]
    opt = getattr(torch.optim, name)([{"params": w[:1]}, {"params": w[1:], "lr": 0.02}], **options)
    s = schedule.make(opt)
    plateau = schedule["schedule"][0] == "ReduceLROnPlateau"
    rates, momenta = [], []
    for step in range(STEPS + 1):
        if step > 0:
            opt.step()
            if plateau:
                s.step(metric(step))
            else:
                s.step()
        rates.append([float(g["lr"]) for g in opt.param_groups])
        momenta.append([float(g["betas"][0] if "betas" in g else g["momentum"]) for g in opt.param_groups])
        assert [float(x) for x in s.get_last_lr()] == rates[-1]
    title = schedule["schedule"][0]
    return {"op": title, "id": "%s#%d/%s" % (title, k, name), "kind": "schedule", "forms": [title], "args": [], "class": name,
            "hyper": options, "schedule": schedule["schedule"], "rates": rates, "momenta": momenta,
            "metrics": [metric(step) for step in range(1, STEPS + 1)] if plateau else []}


def lbfgs_record(k, options, steps=3):
    probe = training.Probe("LBFGS#%d" % k)
    tensors = [probe.tensor(*p) for p in training.PROBLEM]
    rec = {"op": "LBFGS", "id": probe.id, "kind": "closure", "forms": ["LBFGS"], "args": [], "class": "LBFGS", "steps": steps,
           "hyper": options, "tensors": [t.lua() for t in tensors]}
    data = {t.param: t.make("ref") for t in tensors}
    params = [data[n].requires_grad_(True) for n in ("w1", "b1", "w2")]
    opt = torch.optim.LBFGS(params, **options)

    def closure():
        opt.zero_grad()
        loss = training.models.regression_loss(*[data[n] for n in ("x", "y", "w1", "b1", "w2")])
        loss.backward()
        return loss

    rec["losses"], rec["states"] = [], []
    for _ in range(steps):
        rec["losses"].append(opt.step(closure).item())
        state = opt.state[params[0]]
        rec["states"].append([state["func_evals"], state["n_iter"]])
    rec["params"] = [{"value": training.array(p), "scale": Exponents(torch.full(p.shape, float(p.abs().max())).numpy())}
                     for p in params]
    return rec


def records():
    out = [training.optimizer_record(300 + k, name, options) for k, (name, options) in enumerate(OPTIMIZERS)]
    for k, name in enumerate(("NAdam", "ASGD", "Adamax", "RAdam", "Adadelta", "RMSprop", "Adagrad")):
        rate = {"lr": 0.01 if name == "NAdam" else 0.05}
        out.append(training.optimizer_record(500 + k, name, rate, groups=[{"lr": 0.02}, {"weight_decay": 0.1}]))
        out.append(training.optimizer_record(600 + k, name, rate, new_lr=0.01))
    out += [lbfgs_record(k + 1, options) for k, options in enumerate(LBFGS)]
    for k, schedule in enumerate(SCHEDULES):
        out.append(schedule_record(k + 1, schedule, "SGD", {"lr": 0.1, "momentum": 0.9}))
        if schedule["schedule"][0] in ("OneCycleLR", "CyclicLR", "SequentialLR"):
            out.append(schedule_record(k + 1, schedule, "Adam", {"lr": 0.05}))
    return out
