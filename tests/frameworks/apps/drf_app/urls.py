"""Users and groups by a router, and a plain function."""

from django.contrib.auth.models import Group, User
from django.urls import include, path
from rest_framework import filters, routers, serializers, viewsets
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.decorators import action, api_view, parser_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response


class GroupSerializer(serializers.HyperlinkedModelSerializer):
    class Meta:
        model = Group
        fields = ["url", "name"]


class UserSerializer(serializers.HyperlinkedModelSerializer):
    groups = GroupSerializer(many=True, read_only=True)

    class Meta:
        model = User
        fields = ["url", "username", "email", "groups"]


class UserViewSet(viewsets.ModelViewSet):
    """The users."""

    queryset = User.objects.order_by("pk")
    serializer_class = UserSerializer
    filter_backends = [filters.SearchFilter]
    search_fields = ["username"]

    @action(detail=False)
    def me(self, request):
        return Response({"username": request.user.username})


class GroupViewSet(viewsets.ModelViewSet):
    """Their groups."""

    queryset = Group.objects.order_by("name")
    serializer_class = GroupSerializer


@api_view(["POST"])
@parser_classes([MultiPartParser])
def upload(request):
    return Response({"name": request.data["file"].name, "size": request.data["file"].size})


router = routers.DefaultRouter()
router.register("users", UserViewSet)
router.register("groups", GroupViewSet)
urlpatterns = [
    path("", include(router.urls)),
    path("upload/", upload),
    path("token/", obtain_auth_token),
    path("auth/", include("rest_framework.urls")),
]
