"""Kopf wiring, and the only place that imports kopf: informer -> keyed queue -> reconcile(key), one file per kind.

Kopf is the informer and nothing more: no change-detecting handlers, no annotations or finalizers on users' objects.
Start at ``main``; a controller reads as gather, decide, perform.
"""
